// Takes the bin that holds the voxel of the rank looked for, and makes it ten more bits of the prefix:
//   found[mask] = (prefix of the key, rank among the voxels that share it, from 1)
//   border[mask] = (m of that voxel, the share of its equals whose rank is no higher), once the whole key is known
// Whole numbers are counted, so the outcome does not depend on the order of the sum.
// grid: [1, 1, masks]
const LANES: u32 = 256u;
const BINS: u32 = 1024u;
struct Params { masks: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> counts: array<u32>; // [masks * chunks * BINS]
@group(0) @binding(2) var<storage, read_write> found: array<u32>; // [masks * 2] in place
@group(0) @binding(3) var<storage, read_write> border: array<f32>; // [masks * 2]
var<workgroup> bins: array<u32, BINS>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  for (var bin = lane; bin < BINS; bin += LANES) {
    var sum = 0u;
    for (var chunk = 0u; chunk < p.chunks; chunk++) { sum += counts[(group.z * p.chunks + chunk) * BINS + bin]; }
    bins[bin] = sum;
  }
  workgroupBarrier();
  if (lane > 0u) { return; }
  let own = 2u * group.z;
  var rank = found[own + 1u];
  var bin = 0u;
  while (bin + 1u < BINS && rank > bins[bin]) {
    rank -= bins[bin];
    bin++;
  }
  let prefix = found[own] * BINS + bin;
  found[own] = prefix;
  found[own + 1u] = rank;
  border[own] = bitcast<f32>(prefix);
  // a GPU may round even k / k
  border[own + 1u] = select(f32(rank) / f32(bins[bin]), 1.0, rank == bins[bin]);
}

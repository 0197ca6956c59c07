// How many voxels of each mask fall into each of 1,024 bins: counts[mask, chunk, bin], of the chunk's voxels whose key begins
// with the prefix found so far. A key is the bits of m, which for 0 <= m < 2 lie in the order of m and below 2^30; a bin is the
// key's next ten bits, from `shift` on.
// grid: [chunks, 1, masks]
const LANES: u32 = 256u;
const BINS: u32 = 1024u;
struct Params { masks: u32, voxels: u32, chunks: u32, shift: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [masks * voxels]
@group(0) @binding(2) var<storage, read> found: array<u32>; // [masks * 2]
@group(0) @binding(3) var<storage, read_write> counts: array<u32>; // [masks * chunks * BINS]
var<workgroup> bins: array<atomic<u32>, BINS>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  for (var bin = lane; bin < BINS; bin += LANES) { atomicStore(&bins[bin], 0u); }
  workgroupBarrier();
  let prefix = found[2u * group.z];
  for (var u = group.x * LANES + lane; u < p.voxels; u += p.chunks * LANES) {
    let key = bitcast<u32>(m[group.z * p.voxels + u]) & 0x7fffffffu;
    if (key >> (p.shift + 10u) == prefix) { atomicAdd(&bins[(key >> p.shift) % BINS], 1u); }
  }
  workgroupBarrier();
  for (var bin = lane; bin < BINS; bin += LANES) {
    counts[(group.z * p.chunks + group.x) * BINS + bin] = atomicLoad(&bins[bin]);
  }
}

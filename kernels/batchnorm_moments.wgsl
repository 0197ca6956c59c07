// Mean and centred second moment of each channel's chunk of x [n, channels, spatial], free of the cancellation that
// sums of squares have: every lane takes the mean of its values, then their squares about it; lanes are merged by
// Chan's formula.
//   moments[channel, chunk] = (count, mean, m2)
// grid: [chunks, channels]
const LANES: u32 = 64u;
struct Params { n: u32, channels: u32, spatial: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * spatial]
@group(0) @binding(2) var<storage, read_write> moments: array<f32>; // [channels * chunks * 3]
var<workgroup> parts: array<vec3f, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * LANES + lane;
  let step = p.chunks * LANES;
  var count = 0.0;
  var sum = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let base = (sample * p.channels + group.y) * p.spatial;
    for (var i = first; i < p.spatial; i += step) {
      sum += x[base + i];
      count += 1.0;
    }
  }
  let mean = sum / max(count, 1.0);
  var second = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let base = (sample * p.channels + group.y) * p.spatial;
    for (var i = first; i < p.spatial; i += step) {
      let distance = x[base + i] - mean;
      second += distance * distance;
    }
  }
  parts[lane] = vec3f(count, mean, second);
  workgroupBarrier();
  if (lane > 0u) { return; }
  var all = parts[0];
  for (var l = 1u; l < LANES; l++) {
    let other = parts[l];
    let total = all.x + other.x;
    if (total == 0.0) { continue; }
    let difference = other.y - all.y;
    all = vec3f(total, all.y + difference * other.x / total, all.z + other.z + difference * difference * all.x * other.x / total);
  }
  let out = (group.y * p.chunks + group.x) * 3u;
  moments[out] = all.x;
  moments[out + 1u] = all.y;
  moments[out + 2u] = all.z;
}

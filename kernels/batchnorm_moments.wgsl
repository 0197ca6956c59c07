// Mean and centred second moment of each channel's chunk of x [n, channels, spatial], free of the cancellation that
// sums of squares have: every lane takes the mean of its values, then their squares about it; lanes are merged by
// Chan's formula.
// x may be part of a batch: its chunks are `first` and on of `total`.
//   moments[channel, first + chunk] = (count, mean, m2)
// grid: [chunks, channels]
const LANES: u32 = 64u;
struct Params { n: u32, channels: u32, spatial: u32, chunks: u32, first: u32, total: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * spatial]
@group(0) @binding(2) var<storage, read_write> moments: array<f32>; // [channels * total * 3]
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
    let count_both = all.x + other.x;
    if (count_both == 0.0) { continue; }
    let difference = other.y - all.y;
    all = vec3f(count_both, all.y + difference * other.x / count_both, all.z + other.z + difference * difference * all.x * other.x / count_both);
  }
  let out = (group.y * p.total + p.first + group.x) * 3u;
  moments[out] = all.x;
  moments[out + 1u] = all.y;
  moments[out + 2u] = all.z;
}

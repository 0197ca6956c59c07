// Mean and centred second moment of each channel's chunk of x [n, channels, spatial], free of the cancellation that
// sums of squares have: every lane keeps (count, mean, m2) by Welford's update, lanes are merged by Chan's formula.
//   moments[channel, chunk] = (count, mean, m2)
// grid: [chunks, channels]
const LANES: u32 = 256u;
struct Params { n: u32, channels: u32, spatial: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * spatial]
@group(0) @binding(2) var<storage, read_write> moments: array<f32>; // [channels * chunks * 3]
var<workgroup> counts: array<f32, LANES>;
var<workgroup> means: array<f32, LANES>;
var<workgroup> seconds: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var count = 0.0;
  var mean = 0.0;
  var second = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let base = (sample * p.channels + group.y) * p.spatial;
    for (var i = group.x * LANES + lane; i < p.spatial; i += p.chunks * LANES) {
      let value = x[base + i];
      count += 1.0;
      let before = value - mean;
      mean += before / count;
      second += before * (value - mean);
    }
  }
  counts[lane] = count;
  means[lane] = mean;
  seconds[lane] = second;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      let other = counts[lane + half];
      let total = counts[lane] + other;
      if (total > 0.0) {
        let difference = means[lane + half] - means[lane];
        means[lane] += difference * other / total;
        seconds[lane] += seconds[lane + half] + difference * difference * counts[lane] * other / total;
        counts[lane] = total;
      }
    }
  }
  if (lane == 0u) {
    let out = (group.y * p.chunks + group.x) * 3u;
    moments[out] = counts[0];
    moments[out + 1u] = means[0];
    moments[out + 2u] = seconds[0];
  }
}

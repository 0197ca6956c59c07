// Mean and centred second moment of each channel's chunk of x [n, channels, spatial], free of the cancellation that
// sums of squares have: a lane takes eight values, their mean and their squares about it; these and the lanes are
// merged by Chan's formula.
// HALF = 1: x is in half precision, window after window as half_window has it, spatial windows of a channel; a lane takes
//   one.
// x may be part of a batch: its chunks are `first` and on of `total`.
//   moments[channel, first + chunk] = (count, mean, m2)
// grid: [chunks, channels]
const LANES: u32 = 64u;
const HALF: u32 = 0u;
struct Params { n: u32, channels: u32, spatial: u32, chunks: u32, first: u32, total: u32 }
@group(0) @binding(0) var<uniform> p: Params;
//#if HALF
@group(0) @binding(1) var<storage, read> x: array<vec4<u32>>; // [n * channels * spatial]
//#else
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * spatial]
//#end
@group(0) @binding(2) var<storage, read_write> moments: array<f32>; // [channels * total * 3]
var<workgroup> parts: array<vec3f, LANES>;

// of (count, mean, m2) of two sets, where the second may be empty
fn merge(a: vec3f, b: vec3f) -> vec3f {
  let count = a.x + b.x;
  let share = b.x / max(count, 1.0);
  let difference = b.y - a.y;
  return vec3f(count, a.y + difference * share, a.z + b.z + difference * difference * a.x * share);
}

//#if HALF
//#include half_window

// of the window's voxels within the volume
fn moments_of(words: vec4<u32>) -> vec3f {
  let even = half_low(words);
  let odd = half_high(words);
  let has_even = select(vec4f(), vec4f(1.0), even < vec4f(OUTSIDE));
  let has_odd = select(vec4f(), vec4f(1.0), odd < vec4f(OUTSIDE));
  let count = dot(has_even + has_odd, vec4f(1.0));
  let mean = (dot(even, has_even) + dot(odd, has_odd)) / count;
  let a = (even - mean) * has_even;
  let b = (odd - mean) * has_odd;
  return vec3f(count, mean, dot(a, a) + dot(b, b));
}
//#end

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let begin = group.x * LANES + lane;
  let step = p.chunks * LANES;
  var all = vec3f();
  for (var sample = 0u; sample < p.n; sample++) {
    let base = (sample * p.channels + group.y) * p.spatial;
    var i = begin;
//#if !HALF
    for (; i + 7u * step < p.spatial; i += 8u * step) {
      let at = base + i;
      let low = vec4f(x[at], x[at + step], x[at + 2u * step], x[at + 3u * step]);
      let high = vec4f(x[at + 4u * step], x[at + 5u * step], x[at + 6u * step], x[at + 7u * step]);
      let mean = dot(low + high, vec4f(0.125));
      all = merge(all, vec3f(8.0, mean, dot(low - mean, low - mean) + dot(high - mean, high - mean)));
    }
    for (; i < p.spatial; i += step) { all = merge(all, vec3f(1.0, x[base + i], 0.0)); }
//#else
    for (; i < p.spatial; i += step) { all = merge(all, moments_of(x[base + i])); }
//#end
  }
  parts[lane] = all;
  workgroupBarrier();
  if (lane > 0u) { return; }
  for (var l = 1u; l < min(LANES, p.spatial); l++) { all = merge(all, parts[l]); }
  let out = (group.y * p.total + p.first + group.x) * 3u;
  moments[out] = all.x;
  moments[out + 1u] = all.y;
  moments[out + 2u] = all.z;
}

// One step of a mask m [d, h, w] down the gradient of equation 2, from dy, the gradient of the images it blends:
//   g[u] = sum over n of dy[n, u] (x[n, u] - mu[u]) + d size / dm[u] + d variation / dm[u]
//   size = factor_size sum of |1 - m|^size_exponent;  variation = sum over forward differences t of factor_axis |t|^exponent
//   moved = clamp(m - Adam's update by g, 0, 1), with the moments as in adam.wgsl; the slope of |t|^exponent at 0 is 0
// and the terms before the step, per workgroup: sums[0, group] of size, sums[1, group] of variation.
// Lanes lie along w; a thread goes down ROWS voxels of h, so that a difference along h is taken once for both its ends.
// A neighbour outside the volume is replaced by the voxel itself: its difference of 0 adds nothing.
// grid: d * ceil(h / ROWS) * w / 64 workgroups, folded into y beyond 65,535
const LANES: u32 = 64u;
const MU_VOLUME: u32 = 0u;
const ROWS: u32 = 16u;
const LINEAR: u32 = 0u; // 1: the exponent of the variation is 1, and no power need be taken
struct Params {
  n: u32, d: u32, h: u32, w: u32, groups: u32,
  size_exponent: f32, factor_size: f32,
  exponent: f32, factor_z: f32, factor_y: f32, factor_x: f32,
  beta1: f32, rest1: f32, beta2: f32, rest2: f32, eps: f32, step_size: f32, root_correction: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [n * d * h * w]
@group(0) @binding(2) var<storage, read> x: array<f32>; // [n * d * h * w]
@group(0) @binding(3) var<storage, read> mu: array<f32>; // [(d * h * w - 1) * MU_VOLUME + 1]
@group(0) @binding(4) var<storage, read> m: array<f32>; // [d * h * w]
@group(0) @binding(5) var<storage, read_write> first: array<f32>; // [d * h * w] in place
@group(0) @binding(6) var<storage, read_write> second: array<f32>; // [d * h * w] in place
@group(0) @binding(7) var<storage, read_write> moved: array<f32>; // [d * h * w]
@group(0) @binding(8) var<storage, read_write> sums: array<f32>; // [2 * groups]
var<workgroup> partial: array<vec2f, LANES>;

// |t|^exponent and its derivative
fn power(t: f32, exponent: f32) -> vec2f {
  if (t == 0.0) { return vec2f(0.0); }
  return pow(abs(t), exponent - 1.0) * vec2f(abs(t), exponent * sign(t));
}

fn change(t: f32) -> vec2f {
  if (LINEAR == 1u) { return vec2f(abs(t), sign(t)); }
  return power(t, p.exponent);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.y * count.x + id.x;
  let thread = group * LANES + lane;
  let runs = (p.h + ROWS - 1u) / ROWS;
  let column = thread % p.w;
  let top = thread / p.w % runs * ROWS;
  let z = thread / p.w / runs;
  var terms = vec2f(0.0);
  if (z < p.d) {
    let plane = p.h * p.w;
    let voxels = p.d * plane;
    let left = select(0u, 1u, column > 0u);
    let right = select(0u, 1u, column + 1u < p.w);
    let before = select(0u, plane, z > 0u);
    let after = select(0u, plane, z + 1u < p.d);
    var u = z * plane + top * p.w + column;
    var here = m[u];
    var above = change(here - m[u - select(0u, p.w, top > 0u)]);
    var background = mu[0];
    for (var row = top; row < min(top + ROWS, p.h); row++) {
      if (MU_VOLUME == 1u) { background = mu[u]; }
      var g = 0.0;
      for (var i = u; i < p.n * voxels; i += voxels) { g += dy[i] * (x[i] - background); }
      let size = p.factor_size * power(1.0 - here, p.size_exponent);
      let next = m[u + select(0u, p.w, row + 1u < p.h)];
      let below = change(next - here);
      let ahead_x = change(m[u + right] - here);
      let ahead_z = change(m[u + after] - here);
      g += p.factor_x * (change(here - m[u - left]).y - ahead_x.y);
      g += p.factor_y * (above.y - below.y);
      g += p.factor_z * (change(here - m[u - before]).y - ahead_z.y);
      g -= size.y;
      terms += vec2f(size.x, p.factor_x * ahead_x.x + p.factor_y * below.x + p.factor_z * ahead_z.x);
      let mean = p.beta1 * first[u] + p.rest1 * g;
      let square = p.beta2 * second[u] + p.rest2 * g * g;
      first[u] = mean;
      second[u] = square;
      moved[u] = clamp(here - p.step_size * mean / (sqrt(square) / p.root_correction + p.eps), 0.0, 1.0);
      above = below;
      here = next;
      u += p.w;
    }
  }
  partial[lane] = terms;
  workgroupBarrier();
  if (lane == 0u && group < p.groups) {
    var total = vec2f(0.0);
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    sums[group] = total.x;
    sums[p.groups + group] = total.y;
  }
}

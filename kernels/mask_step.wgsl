// One step of each mask m [d, h, w] down the gradient of equation 2, from dy, the gradient of the images it blends:
//   g[u] = sum over its images of dy[i, u] (x[i, u] - mu[i, u]) + d size / dm[u] + d variation / dm[u]
//   size = factor_size sum of |1 - m|^size_exponent;  variation = sum over forward differences t of factor_axis |t|^exponent
//   moved = clamp(m - Adam's update by g, 0, 1), with the moments as in adam.wgsl; the slope of |t|^exponent at 0 is 0
// or, with an area, size = factor_size sum of s (t - 1)^2 + (1 - s) t^2, t = 1 - m, s by its template (mask_area.wgsl);
// or, for masks on a coarser grid (mask_adam.wgsl), moved = g, and no moments;
// and the terms before the step, per workgroup: sums[mask, 0, group] of size, sums[mask, 1, group] of variation.
// Each mask has `each` images that follow one another, and has taken a number of steps of its own: rate holds the step size
// and the root of the second moment's correction that follow from it, and behind those of all masks their templates.
// Lanes lie along w; a thread goes down ROWS voxels of h, so that a difference along h is taken once for both its ends.
// A neighbour outside the volume is replaced by the voxel itself: its difference of 0 adds nothing.
// grid: d * ceil(h / ROWS) * w / 64 workgroups, folded into y beyond 65,535, by masks
const LANES: u32 = 64u;
const MU_VOLUME: u32 = 0u;
const MU_OWN: u32 = 0u; // 1: each image has a mu of its own
const ROWS: u32 = 16u;
const AREA: u32 = 0u; // 1: an area takes the place of the size
const GRADIENT: u32 = 0u; // 1: the gradient instead of the moved mask
const LINEAR: u32 = 0u; // 1: the exponent of the variation is 1, and no power need be taken
struct Params {
  masks: u32, each: u32, d: u32, h: u32, w: u32, groups: u32,
  size_exponent: f32, factor_size: f32,
  exponent: f32, factor_z: f32, factor_y: f32, factor_x: f32,
  beta1: f32, rest1: f32, beta2: f32, rest2: f32, eps: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [masks * each * d * h * w]
@group(0) @binding(2) var<storage, read> x: array<f32>; // [masks * each * d * h * w]
@group(0) @binding(3) var<storage, read> mu: array<f32>; // [((masks * each - 1) * MU_OWN + 1) * ((d * h * w - 1) * MU_VOLUME + 1)]
@group(0) @binding(4) var<storage, read> m: array<f32>; // [masks * d * h * w]
@group(0) @binding(5) var<storage, read> rate: array<f32>; // [masks * (2 + 2 * AREA)]
//#if GRADIENT
//#else
@group(0) @binding(6) var<storage, read_write> moments: array<f32>; // [masks * 2 * d * h * w] in place
//#end
@group(0) @binding(7) var<storage, read_write> moved: array<f32>; // [masks * d * h * w]
@group(0) @binding(8) var<storage, read_write> sums: array<f32>; // [masks * 2 * groups]
var<workgroup> partial: array<vec2f, LANES>;

// |t|^exponent and its derivative
fn power(t: f32, exponent: f32) -> vec2f {
  if (t == 0.0) { return vec2f(0.0); }
  return pow(abs(t), exponent - 1.0) * vec2f(abs(t), exponent * sign(t));
}

// of a voxel, and its derivative by 1 - m
fn size_of(value: f32, mask: u32) -> vec2f {
  if (AREA == 0u) { return p.factor_size * power(1.0 - value, p.size_exponent); }
  let border = AREA * 2u * (p.masks + mask); // within bounds without one too
  let key = bitcast<u32>(value) & 0x7fffffffu;
  let threshold = bitcast<u32>(rate[border]);
  let s = select(select(0.0, rate[border + 1u], key == threshold), 1.0, key < threshold);
  let t = 1.0 - value;
  return p.factor_size * vec2f(s * (t - 1.0) * (t - 1.0) + (1.0 - s) * t * t, 2.0 * (t - s));
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
    let start = id.z * voxels;
    let step_size = rate[2u * id.z];
    let root_correction = rate[2u * id.z + 1u];
    let left = select(0u, 1u, column > 0u);
    let right = select(0u, 1u, column + 1u < p.w);
    let before = select(0u, plane, z > 0u);
    let after = select(0u, plane, z + 1u < p.d);
    var u = start + z * plane + top * p.w + column;
    var here = m[u];
    var above = change(here - m[u - select(0u, p.w, top > 0u)]);
    var first = u + start; // a mask's first moment, and behind it the second
    var image = u + start * (p.each - 1u);
    for (var row = top; row < min(top + ROWS, p.h); row++) {
      var g = 0.0;
      for (var i = image; i < image + p.each * voxels; i += voxels) {
        g += dy[i] * (x[i] - mu[MU_VOLUME * select(u - start, i, MU_OWN == 1u)]);
      }
      let size = size_of(here, id.z);
      let next = m[u + select(0u, p.w, row + 1u < p.h)];
      let below = change(next - here);
      let ahead_x = change(m[u + right] - here);
      let ahead_z = change(m[u + after] - here);
      g += p.factor_x * (change(here - m[u - left]).y - ahead_x.y);
      g += p.factor_y * (above.y - below.y);
      g += p.factor_z * (change(here - m[u - before]).y - ahead_z.y);
      g -= size.y;
      terms += vec2f(size.x, p.factor_x * ahead_x.x + p.factor_y * below.x + p.factor_z * ahead_z.x);
//#if GRADIENT
      moved[u] = g;
//#else
      let mean = p.beta1 * moments[first] + p.rest1 * g;
      let square = p.beta2 * moments[first + voxels] + p.rest2 * g * g;
      moments[first] = mean;
      moments[first + voxels] = square;
      moved[u] = clamp(here - step_size * mean / (sqrt(square) / root_correction + p.eps), 0.0, 1.0);
//#end
      above = below;
      here = next;
      u += p.w;
      first += p.w;
      image += p.w;
    }
  }
  partial[lane] = terms;
  workgroupBarrier();
  if (lane == 0u && group < p.groups) {
    var total = vec2f(0.0);
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    sums[2u * id.z * p.groups + group] = total.x;
    sums[(2u * id.z + 1u) * p.groups + group] = total.y;
  }
}

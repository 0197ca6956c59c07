// The convolution of conv3d.wgsl for few output channels. A thread goes along z with a patch of 4 x 4 voxels (y, x) of one
// channel, two planes A and B, a window's two, at a time: each input is loaded once. A plane's sums are complete when the
// plane behind it has been added. Weights are packed by conv3d_pack, BLOCK = 1.
// UNPOOL = 1: x is the gradient of a pooled volume, and codes_in what conv3d wrote with POOL = 1; what is convolved is the
//   gradient that leaky_unpool would make of them. With transposed weights this is the image's gradient in one pass.
// operations: 54 * n * ci * co * d * h * w
// grid: [co * threads / 64, folded into y; n], threads being patches * chunks along z, rounded up to whole `lanes`
//#if SUBGROUPS
enable subgroups;
diagnostic(off, subgroup_uniformity); // all lanes of a channel go the same way
//#end
const SUBGROUPS: u32 = 0u;
const UNPOOL: u32 = 0u;
const HAS_BIAS: u32 = 1u;
const RUN: u32 = 8u; // window planes that a thread goes along
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, lanes: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * ((d + UNPOOL) / (1 + UNPOOL)) * ((h + UNPOOL) / (1 + UNPOOL)) * ((w + UNPOOL) / (1 + UNPOOL))]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [co * ci * 27]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(4) var<storage, read> codes_in: array<u32>; // [UNPOOL * n * ci * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // [n * co * d * h * w]

/// six neighbours along x: one before the patch, four of it, one behind it
struct Line { before: f32, middle: vec4f, behind: f32 }

/// the patch's rows and one on each side
struct Lines { above: Line, a: Line, b: Line, c: Line, d: Line, below: Line }

/// sums of the patch in one plane
struct Plane { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

/// four neighbours along x of a pooled gradient, times LeakyReLU's slope, and the positions of their maxima
struct Windows { values: vec4f, at: vec4<u32> }

fn load(start: u32, column: u32, inside: f32) -> f32 {
  return select(0.0, x[start + min(column, p.w - 1u)] * inside, column < p.w);
}

// a row of a plane of the volume; coordinates below zero wrap around to beyond it
fn dense(plane: u32, row: u32, column: u32) -> Line {
  let start = (plane * p.h + min(row, p.h - 1u)) * p.w;
  let inside = f32(row < p.h);
  let middle = vec4f(load(start, column, inside), load(start, column + 1u, inside), load(start, column + 2u, inside), load(start, column + 3u, inside));
  return Line(load(start, column - 1u, inside), middle, load(start, column + 4u, inside));
}

fn dense_lines(volume: u32, z: u32, row: u32, column: u32) -> Lines {
  let plane = volume * p.d + min(z, p.d - 1u);
  return Lines(dense(plane, row - 1u, column), dense(plane, row, column), dense(plane, row + 1u, column),
               dense(plane, row + 2u, column), dense(plane, row + 3u, column), dense(plane, row + 4u, column));
}

// four windows of pooled row `row` of a pooled plane, from the one before the patch's
fn windows(plane: u32, row: u32, pair: u32) -> Windows {
  let pw = (p.w + 1u) / 2u;
  let pairs = (pw + 1u) / 2u;
  let line = plane * ((p.h + 1u) / 2u) + min(row, (p.h + 1u) / 2u - 1u);
  let words = line * pairs + pair;
  let word = codes_in[words];
  let codes = vec4<u32>(codes_in[words - min(pair, 1u)] >> 4u, word, word >> 4u, codes_in[words + select(0u, 1u, pair + 1u < pairs)]);
  let start = line * pw;
  let last = pw - 1u;
  let window = 2u * pair;
  let values = vec4f(x[start + max(window, 1u) - 1u], x[start + window], x[start + min(window + 1u, last)], x[start + min(window + 2u, last)]);
  return Windows(values * select(vec4f(p.slope), vec4f(1.0), (codes & vec4<u32>(8u)) > vec4<u32>()), codes & vec4<u32>(7u));
}

// a row of the volume out of its windows: each value where the maximum was, which is at + 0 or at + 1 along x
fn routed(g: Windows, at: u32, row: u32, column: u32) -> Line {
  let width = select(0u, p.w, row < p.h);
  let first = select(vec4f(), g.values, g.at == vec4<u32>(at));
  let second = select(vec4f(), g.values, g.at == vec4<u32>(at + 1u));
  let middle = select(vec4f(), vec4f(first.y, second.y, first.z, second.z), vec4<u32>(0u, 1u, 2u, 3u) + column < vec4<u32>(width));
  return Line(select(0.0, second.x, column - 1u < width), middle, select(0.0, first.w, column + 4u < width));
}

fn routed_lines(above: Windows, upper: Windows, lower: Windows, below: Windows, at: u32, row: u32, column: u32) -> Lines {
  return Lines(routed(above, at + 2u, row - 1u, column), routed(upper, at, row, column), routed(upper, at + 2u, row + 1u, column),
               routed(lower, at, row + 2u, column), routed(lower, at + 2u, row + 3u, column), routed(below, at, row + 4u, column));
}

fn taps(w: vec3f, v: Line) -> vec4f {
  return w.x * vec4f(v.before, v.middle.xyz) + w.y * v.middle + w.z * vec4f(v.middle.yzw, v.behind);
}

// sums with one plane of the kernel added, w0 to w2 being its rows
fn added(sums: Plane, v: Lines, w0: vec3f, w1: vec3f, w2: vec3f) -> Plane {
  return Plane(sums.a + taps(w0, v.above) + taps(w1, v.a) + taps(w2, v.b),
               sums.b + taps(w0, v.a) + taps(w1, v.b) + taps(w2, v.c),
               sums.c + taps(w0, v.b) + taps(w1, v.c) + taps(w2, v.d),
               sums.d + taps(w0, v.c) + taps(w1, v.d) + taps(w2, v.below));
}

fn store_row(start: u32, row: u32, column: u32, v: vec4f) {
  if (row >= p.h) { return; }
  for (var i = 0u; i < 4u; i++) {
    if (column + i < p.w) { y[start + row * p.w + column + i] = v[i]; }
  }
}

fn store(volume: u32, z: u32, row: u32, column: u32, sums: Plane, shift: f32) {
  if (z >= p.d) { return; }
  let start = (volume * p.d + z) * p.h * p.w;
  store_row(start, row, column, sums.a + shift);
  store_row(start, row + 1u, column, sums.b + shift);
  store_row(start, row + 2u, column, sums.c + shift);
  store_row(start, row + 3u, column, sums.d + shift);
}

//#if SUBGROUPS
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32, @builtin(subgroup_invocation_id) lane: u32) {
//#else
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
//#end
  let planes = (p.d + 1u) / 2u;
  let bands = (p.h + p.h % 2u + 3u) / 4u;
  let strips = (p.w + 3u) / 4u;
  let patches = (planes + RUN - 1u) / RUN * bands * strips;
  let threads = (patches + p.lanes - 1u) / p.lanes * p.lanes;
  let slot = (group.y * groups.x + group.x) * 64u + thread;
  let channel = slot / threads;
  if (channel >= p.co) { return; }
  let exists = slot % threads < patches; // the surplus threads of a channel work for its weights only
  let patch_index = min(slot % threads, patches - 1u);
  let first = patch_index / (bands * strips) * RUN;
  let end = select(0u, min(first + RUN, planes), exists);
  let band = patch_index / strips % bands;
  let pair = patch_index % strips;
  let row = band * 4u - p.h % 2u; // below zero wraps around to beyond the volume
  let column = pair * 4u - p.w % 2u;
  var shift = 0.0;
  if (HAS_BIAS == 1u) { shift = bias[channel]; }
  var before = Plane(); var a = Plane(); var b = Plane(); var behind = Plane();
  for (var step = 0u; step < RUN + 2u; step++) {
    let window = first + step - 1u;
    let z = window * 2u - p.d % 2u;
    let known = min(window, planes - 1u);
    let in_a = f32((window < planes) & (z < p.d));
    let in_b = f32((window < planes) & (z + 1u < p.d));
    for (var c = 0u; c < p.ci; c++) {
      let volume = group.z * p.ci + c;
      let tap = (channel * p.ci + c) * 27u;
//#if SUBGROUPS
      let q0 = weight[tap + (lane & 7u)];
      let q1 = weight[tap + 8u + (lane & 7u)];
      let q2 = weight[tap + 16u + (lane & 7u)];
      let q3 = weight[tap + 24u + min(lane & 7u, 2u)];
      let w0 = vec3f(subgroupBroadcast(q0, 0u), subgroupBroadcast(q0, 1u), subgroupBroadcast(q0, 2u));
      let w1 = vec3f(subgroupBroadcast(q0, 3u), subgroupBroadcast(q0, 4u), subgroupBroadcast(q0, 5u));
      let w2 = vec3f(subgroupBroadcast(q0, 6u), subgroupBroadcast(q0, 7u), subgroupBroadcast(q1, 0u));
      let w3 = vec3f(subgroupBroadcast(q1, 1u), subgroupBroadcast(q1, 2u), subgroupBroadcast(q1, 3u));
      let w4 = vec3f(subgroupBroadcast(q1, 4u), subgroupBroadcast(q1, 5u), subgroupBroadcast(q1, 6u));
      let w5 = vec3f(subgroupBroadcast(q1, 7u), subgroupBroadcast(q2, 0u), subgroupBroadcast(q2, 1u));
      let w6 = vec3f(subgroupBroadcast(q2, 2u), subgroupBroadcast(q2, 3u), subgroupBroadcast(q2, 4u));
      let w7 = vec3f(subgroupBroadcast(q2, 5u), subgroupBroadcast(q2, 6u), subgroupBroadcast(q2, 7u));
      let w8 = vec3f(subgroupBroadcast(q3, 0u), subgroupBroadcast(q3, 1u), subgroupBroadcast(q3, 2u));
//#else
      let w0 = vec3f(weight[tap + 0u], weight[tap + 1u], weight[tap + 2u]);
      let w1 = vec3f(weight[tap + 3u], weight[tap + 4u], weight[tap + 5u]);
      let w2 = vec3f(weight[tap + 6u], weight[tap + 7u], weight[tap + 8u]);
      let w3 = vec3f(weight[tap + 9u], weight[tap + 10u], weight[tap + 11u]);
      let w4 = vec3f(weight[tap + 12u], weight[tap + 13u], weight[tap + 14u]);
      let w5 = vec3f(weight[tap + 15u], weight[tap + 16u], weight[tap + 17u]);
      let w6 = vec3f(weight[tap + 18u], weight[tap + 19u], weight[tap + 20u]);
      let w7 = vec3f(weight[tap + 21u], weight[tap + 22u], weight[tap + 23u]);
      let w8 = vec3f(weight[tap + 24u], weight[tap + 25u], weight[tap + 26u]);
//#end
      var lines_a: Lines; var lines_b: Lines;
      if (UNPOOL == 1u) {
        let plane = volume * planes + known;
        let above = windows(plane, band * 2u - 1u, pair);
        let upper = windows(plane, band * 2u, pair);
        let lower = windows(plane, band * 2u + 1u, pair);
        let below = windows(plane, band * 2u + 2u, pair);
        lines_a = routed_lines(above, upper, lower, below, 0u, row, column);
        lines_b = routed_lines(above, upper, lower, below, 4u, row, column);
      } else {
        lines_a = dense_lines(volume, z, row, column);
        lines_b = dense_lines(volume, z + 1u, row, column);
      }
      before = added(before, lines_a, w6 * in_a, w7 * in_a, w8 * in_a);
      a = added(added(a, lines_a, w3 * in_a, w4 * in_a, w5 * in_a), lines_b, w6 * in_b, w7 * in_b, w8 * in_b);
      b = added(added(b, lines_a, w0 * in_a, w1 * in_a, w2 * in_a), lines_b, w3 * in_b, w4 * in_b, w5 * in_b);
      behind = added(behind, lines_b, w0 * in_b, w1 * in_b, w2 * in_b);
    }
    let volume = group.z * p.co + channel;
    if (step >= 2u && window <= end) { store(volume, z - 1u, row, column, before, shift); }
    if (step >= 1u && window < end) { store(volume, z, row, column, a, shift); }
    before = b;
    a = behind;
    b = Plane();
    behind = Plane();
  }
}

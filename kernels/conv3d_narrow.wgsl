// The convolution of conv3d.wgsl for few output channels, or with UNPOOL = 1 its gradient through pooling: a thread computes
// a patch of 4 x 8 voxels (y, x) of one channel, in vec4 of neighbours along x. Weights are packed by conv3d_pack, BLOCK = 1.
// operations: 54 * n * ci * co * d * h * w
// grid: [co * threads / 64, folded into y; n], threads being the patches rounded up to whole `lanes`
//#if SUBGROUPS
enable subgroups;
diagnostic(off, subgroup_uniformity); // all lanes of a channel go the same way
//#end
const SUBGROUPS: u32 = 0u;
const UNPOOL: u32 = 0u;
const HAS_BIAS: u32 = 1u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, lanes: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * ((d + UNPOOL) / (1 + UNPOOL)) * ((h + UNPOOL) / (1 + UNPOOL)) * ((w + UNPOOL) / (1 + UNPOOL))]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [co * ci * 27]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(4) var<storage, read> codes_in: array<u32>; // [UNPOOL * n * ci * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // [n * co * d * h * w]

/// ten neighbours along x: one before the patch, eight of it, one behind it
struct Line { before: f32, left: vec4f, right: vec4f, behind: f32 }

fn load(start: u32, column: u32, inside: f32) -> f32 {
  return select(0.0, x[start + min(column, p.w - 1u)] * inside, column < p.w);
}

// the row at (z, row) of a volume; coordinates below zero wrap around to beyond it
fn dense(volume: u32, z: u32, row: u32, column: u32) -> Line {
  let start = ((volume * p.d + z) * p.h + min(row, p.h - 1u)) * p.w;
  let inside = f32(row < p.h);
  let left = vec4f(load(start, column, inside), load(start, column + 1u, inside), load(start, column + 2u, inside), load(start, column + 3u, inside));
  let right = vec4f(load(start, column + 4u, inside), load(start, column + 5u, inside), load(start, column + 6u, inside), load(start, column + 7u, inside));
  return Line(load(start, column - 1u, inside), left, right, load(start, column + 8u, inside));
}

/// six neighbours along x of a pooled gradient, times LeakyReLU's slope, and their codes
struct Windows { before: f32, values: vec4f, behind: f32, code_before: u32, codes: vec4<u32>, code_behind: u32 }

fn factor(code: vec4<u32>) -> vec4f {
  return select(vec4f(p.slope), vec4f(1.0), (code & vec4<u32>(8u)) > vec4<u32>());
}

// the pooled row that holds row `row` of the volume, from the window before the patch's first
fn windows(volume: u32, z: u32, row: u32, column: u32) -> Windows {
  let ph = (p.h + 1u) / 2u; let pw = (p.w + 1u) / 2u; let pairs = (pw + 1u) / 2u;
  let line = (volume * ((p.d + 1u) / 2u) + (z + p.d % 2u) / 2u) * ph + min((row + p.h % 2u) / 2u, ph - 1u);
  let window = (column + p.w % 2u) / 2u;
  let start = line * pw;
  let last = pw - 1u;
  let words = line * pairs;
  let pair = window / 2u;
  let word = codes_in[words + pair];
  let next = codes_in[words + min(pair + 1u, pairs - 1u)];
  let code_before = codes_in[words + max(pair, 1u) - 1u] >> 4u;
  let code_behind = codes_in[words + min(pair + 2u, pairs - 1u)];
  let codes = vec4<u32>(word, word >> 4u, next, next >> 4u);
  let ends = factor(vec4<u32>(code_before, code_behind, 0u, 0u));
  let values = vec4f(x[start + window], x[start + min(window + 1u, last)], x[start + min(window + 2u, last)], x[start + min(window + 3u, last)]);
  return Windows(x[start + max(window, 1u) - 1u] * ends.x, values * factor(codes), x[start + min(window + 4u, last)] * ends.y,
                 code_before & 7u, codes & vec4<u32>(7u), code_behind & 7u);
}

// row `row` of the volume out of its pooled row: each value where the maximum was, which is at + 0 or at + 1 along x
fn routed(g: Windows, at: u32, row: u32, column: u32) -> Line {
  let width = select(0u, p.w, row < p.h);
  let first = select(vec4f(), g.values, g.codes == vec4<u32>(at));
  let second = select(vec4f(), g.values, g.codes == vec4<u32>(at + 1u));
  let steps = vec4<u32>(0u, 1u, 2u, 3u);
  let left = select(vec4f(), vec4f(first.x, second.x, first.y, second.y), steps + column < vec4<u32>(width));
  let right = select(vec4f(), vec4f(first.z, second.z, first.w, second.w), steps + column + 4u < vec4<u32>(width));
  return Line(select(0.0, g.before, (g.code_before == at + 1u) & (column - 1u < width)), left, right,
              select(0.0, g.behind, (g.code_behind == at) & (column + 8u < width)));
}

fn left_taps(w: vec3f, v: Line) -> vec4f {
  return w.x * vec4f(v.before, v.left.xyz) + w.y * v.left + w.z * vec4f(v.left.yzw, v.right.x);
}

fn right_taps(w: vec3f, v: Line) -> vec4f {
  return w.x * vec4f(v.left.w, v.right.xyz) + w.y * v.right + w.z * vec4f(v.right.yzw, v.behind);
}

fn store(start: u32, row: u32, column: u32, v: vec4f) {
  if (row >= p.h) { return; }
  for (var i = 0u; i < 4u; i++) {
    if (column + i < p.w) { y[start + row * p.w + column + i] = v[i]; }
  }
}

//#if SUBGROUPS
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32, @builtin(subgroup_invocation_id) lane: u32) {
//#else
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
//#end
  let bands = (p.h + p.h % 2u + 3u) / 4u;
  let strips = (p.w + p.w % 2u + 7u) / 8u;
  let patches = p.d * bands * strips;
  let threads = (patches + p.lanes - 1u) / p.lanes * p.lanes;
  let slot = (group.y * groups.x + group.x) * 64u + thread;
  let channel = slot / threads;
  if (channel >= p.co) { return; }
  let patch_index = min(slot % threads, patches - 1u); // the surplus threads of a channel work for its weights only
  let z = patch_index / (bands * strips);
  let row = patch_index / strips % bands * 4u - p.h % 2u; // below zero wraps around to beyond the volume
  let column = patch_index % strips * 8u - p.w % 2u;
  var start_value = 0.0;
  if (HAS_BIAS == 1u) { start_value = bias[channel]; }
  var l0 = vec4f(start_value); var l1 = l0; var l2 = l0; var l3 = l0;
  var r0 = l0; var r1 = l0; var r2 = l0; var r3 = l0;
  for (var c = 0u; c < p.ci; c++) {
    let volume = group.z * p.ci + c;
    for (var kz = 0u; kz < 3u; kz++) {
      let plane = z + kz - 1u;
      let inside = f32(plane < p.d);
      let iz = min(plane, p.d - 1u);
      let tap = (channel * p.ci + c) * 27u + kz * 9u;
//#if SUBGROUPS
      let lanes = weight[tap + (lane & 7u)];
      let w0 = vec3f(subgroupBroadcast(lanes, 0u), subgroupBroadcast(lanes, 1u), subgroupBroadcast(lanes, 2u)) * inside;
      let w1 = vec3f(subgroupBroadcast(lanes, 3u), subgroupBroadcast(lanes, 4u), subgroupBroadcast(lanes, 5u)) * inside;
      let w2 = vec3f(subgroupBroadcast(lanes, 6u), subgroupBroadcast(lanes, 7u), weight[tap + 8u]) * inside;
//#else
      let w0 = vec3f(weight[tap], weight[tap + 1u], weight[tap + 2u]) * inside;
      let w1 = vec3f(weight[tap + 3u], weight[tap + 4u], weight[tap + 5u]) * inside;
      let w2 = vec3f(weight[tap + 6u], weight[tap + 7u], weight[tap + 8u]) * inside;
//#end
      var above: Line; var first: Line; var second: Line; var third: Line; var fourth: Line; var below: Line;
      if (UNPOOL == 1u) {
        let at = (iz + p.d % 2u) % 2u * 4u;
        let upper = windows(volume, iz, row, column);
        let lower = windows(volume, iz, row + 2u, column);
        above = routed(windows(volume, iz, row - 1u, column), at + 2u, row - 1u, column);
        first = routed(upper, at, row, column);
        second = routed(upper, at + 2u, row + 1u, column);
        third = routed(lower, at, row + 2u, column);
        fourth = routed(lower, at + 2u, row + 3u, column);
        below = routed(windows(volume, iz, row + 4u, column), at, row + 4u, column);
      } else {
        above = dense(volume, iz, row - 1u, column);
        first = dense(volume, iz, row, column);
        second = dense(volume, iz, row + 1u, column);
        third = dense(volume, iz, row + 2u, column);
        fourth = dense(volume, iz, row + 3u, column);
        below = dense(volume, iz, row + 4u, column);
      }
      l0 += left_taps(w0, above) + left_taps(w1, first) + left_taps(w2, second);
      r0 += right_taps(w0, above) + right_taps(w1, first) + right_taps(w2, second);
      l1 += left_taps(w0, first) + left_taps(w1, second) + left_taps(w2, third);
      r1 += right_taps(w0, first) + right_taps(w1, second) + right_taps(w2, third);
      l2 += left_taps(w0, second) + left_taps(w1, third) + left_taps(w2, fourth);
      r2 += right_taps(w0, second) + right_taps(w1, third) + right_taps(w2, fourth);
      l3 += left_taps(w0, third) + left_taps(w1, fourth) + left_taps(w2, below);
      r3 += right_taps(w0, third) + right_taps(w1, fourth) + right_taps(w2, below);
    }
  }
  if (slot % threads >= patches) { return; }
  let start = ((group.z * p.co + channel) * p.d + z) * p.h * p.w;
  store(start, row, column, l0); store(start, row, column + 4u, r0);
  store(start, row + 1u, column, l1); store(start, row + 1u, column + 4u, r1);
  store(start, row + 2u, column, l2); store(start, row + 2u, column + 4u, r2);
  store(start, row + 3u, column, l3); store(start, row + 3u, column + 4u, r3);
}

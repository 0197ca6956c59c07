// 3 x 3 x 3 convolution, stride 1, padding 1:
//   y[n, co, z, y, x] = bias[co] + sum over ci and taps of weight[co, ci, kz, ky, kx] x[n, ci, z+kz-1, y+ky-1, x+kx-1]
// LEAKY = 1: then y where y > 0, else slope y.
// POOL = 1: then the maximum of 2 x 2 x 2 windows as max_pool3d takes it; y is the pooled volume. codes holds four bits a
//   window: the position 4 kz + 2 ky + kx of the first largest value, and 8 where the maximum is above 0; two neighbours
//   along x share a word.
// HALF = 1 (then POOL = 0): y is in half precision, a window (as max_pool3d takes them) after the other as half_window has it.
// A thread computes a patch of 2 x 2 x 4 voxels, two windows (an odd dimension has one plane before its first voxel), in
// eight output channels (an octet). Weights are packed by conv3d_pack, BLOCK = 8. Memory, not arithmetic, is what a
// narrow SIMD machine lacks: with SUBGROUPS = 1 each lane loads one weight and all get it from there.
// An octet has patches of threads, rounded up to whole `lanes`, so that a subgroup of at most that size shares weights.
// operations: 54 * n * ci * co * d * h * w
// grid: [octets * threads / 64, folded into y; n]
//#if SUBGROUPS
enable subgroups;
diagnostic(off, subgroup_uniformity); // all lanes of an octet go the same way
//#end
const SUBGROUPS: u32 = 0u;
const HAS_BIAS: u32 = 1u;
const LEAKY: u32 = 0u;
const POOL: u32 = 0u;
const HALF: u32 = 0u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, lanes: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(co + 7) / 8 * ci * 54]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
//#if HALF
@group(0) @binding(4) var<storage, read_write> y: array<vec4<u32>>; // [n * co * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
//#else
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * co * ((d + POOL) / (1 + POOL)) * ((h + POOL) / (1 + POOL)) * ((w + POOL) / (1 + POOL))]
//#end
@group(0) @binding(5) var<storage, read_write> codes: array<u32>; // [POOL * n * co * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]

/// six neighbours along x, from one before the patch to one behind it
struct Line { a: f32, b: f32, c: f32, d: f32, e: f32, f: f32 }

fn load(start: u32, column: u32, inside: f32) -> f32 {
  return select(0.0, x[start + min(column, p.w - 1u)] * inside, column < p.w);
}

// the row at (z, row) of a volume; coordinates below zero wrap around to beyond it
fn line_at(volume: u32, z: u32, row: u32, column: u32) -> Line {
  let start = ((volume * p.d + min(z, p.d - 1u)) * p.h + min(row, p.h - 1u)) * p.w;
  let inside = f32((z < p.d) & (row < p.h));
  return Line(load(start, column - 1u, inside), load(start, column, inside), load(start, column + 1u, inside),
              load(start, column + 2u, inside), load(start, column + 3u, inside), load(start, column + 4u, inside));
}

//#include half_window

//#include conv3d_output

// a / b, exact below 2^20, which no volume that fits a binding exceeds in patches: integer division costs some machines as much as ten loads
fn quotient(a: u32, b: u32) -> u32 {
  return u32((f32(a) + 0.5) / f32(b));
}

//#if !HALF
fn store_windows(channel: u32, sample: u32, z: u32, row: u32, pair: u32, left: Window, right: Window) {
  let pd = (p.d + 1u) / 2u; let ph = (p.h + 1u) / 2u; let pw = (p.w + 1u) / 2u; let pairs = (pw + 1u) / 2u;
  let line = ((sample * p.co + channel) * pd + z) * ph + row;
  store(channel, pd * ph * pw, line * pw + 2u * pair, leaky(left.best));
  if (2u * pair + 1u < pw) { store(channel, pd * ph * pw, line * pw + 2u * pair + 1u, leaky(right.best)); }
  let code = left.at | (right.at << vec4<u32>(4u));
  for (var i = 0u; i < 4u; i++) {
    if (channel + i < p.co) { codes[(line + i * pd * ph) * pairs + pair] = code[i]; }
  }
}
//#end

//#if SUBGROUPS
fn low(weights: f32) -> vec4f {
  return vec4f(subgroupBroadcast(weights, 0u), subgroupBroadcast(weights, 1u), subgroupBroadcast(weights, 2u), subgroupBroadcast(weights, 3u));
}

fn high(weights: f32) -> vec4f {
  return vec4f(subgroupBroadcast(weights, 4u), subgroupBroadcast(weights, 5u), subgroupBroadcast(weights, 6u), subgroupBroadcast(weights, 7u));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32, @builtin(subgroup_invocation_id) lane: u32) {
//#else
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
//#end
  let rows = (p.h + 1u) / 2u;
  let pairs = (p.w + 3u) / 4u;
  let patches = (p.d + 1u) / 2u * rows * pairs;
  let threads = (patches + p.lanes - 1u) / p.lanes * p.lanes;
  let slot = (group.y * groups.x + group.x) * 64u + thread;
  let octet = slot / threads;
  if (octet * 8u >= p.co) { return; }
  let patch_index = min(slot - octet * threads, patches - 1u); // the surplus threads of an octet work for its weights only
  let sample = group.z;
  let line = quotient(patch_index, pairs);
  let pz = quotient(line, rows);
  let py = line - pz * rows;
  let pair = patch_index - line * pairs;
  let z = pz * 2u - p.d % 2u; // below zero wraps around to beyond the volume
  let row = py * 2u - p.h % 2u;
  let column = pair * 4u - p.w % 2u;
  let channel = octet * 8u;
  var bias_low = vec4f(); var bias_high = vec4f();
  if (HAS_BIAS == 1u) {
    let last = vec4<u32>(p.co - 1u);
    let i = min(vec4<u32>(0u, 1u, 2u, 3u) + channel, last);
    let j = min(vec4<u32>(4u, 5u, 6u, 7u) + channel, last);
    bias_low = vec4f(bias[i.x], bias[i.y], bias[i.z], bias[i.w]);
    bias_high = vec4f(bias[j.x], bias[j.y], bias[j.z], bias[j.w]);
  }
  // sums of a voxel in the lower and upper four channels, voxel = 8 z + 4 y + x within the patch
  var a0 = bias_low; var a1 = bias_low; var a2 = bias_low; var a3 = bias_low; var b0 = bias_high; var b1 = bias_high; var b2 = bias_high; var b3 = bias_high;
  var a4 = bias_low; var a5 = bias_low; var a6 = bias_low; var a7 = bias_low; var b4 = bias_high; var b5 = bias_high; var b6 = bias_high; var b7 = bias_high;
  var a8 = bias_low; var a9 = bias_low; var a10 = bias_low; var a11 = bias_low; var b8 = bias_high; var b9 = bias_high; var b10 = bias_high; var b11 = bias_high;
  var a12 = bias_low; var a13 = bias_low; var a14 = bias_low; var a15 = bias_low; var b12 = bias_high; var b13 = bias_high; var b14 = bias_high; var b15 = bias_high;
  for (var c = 0u; c < p.ci; c++) {
    let volume = sample * p.ci + c;
    for (var kz = 0u; kz < 3u; kz++) {
      for (var ky = 0u; ky < 3u; ky++) {
        let tap = ((octet * p.ci + c) * 9u + kz * 3u + ky) * 6u;
//#if SUBGROUPS
        let element = lane & 7u;
        let w0 = weight[tap + element / 4u][element & 3u];
        let w1 = weight[tap + 2u + element / 4u][element & 3u];
        let w2 = weight[tap + 4u + element / 4u][element & 3u];
        let l0 = low(w0); let l1 = low(w1); let l2 = low(w2);
        let h0 = high(w0); let h1 = high(w1); let h2 = high(w2);
//#else
        let l0 = weight[tap]; let l1 = weight[tap + 2u]; let l2 = weight[tap + 4u];
        let h0 = weight[tap + 1u]; let h1 = weight[tap + 3u]; let h2 = weight[tap + 5u];
//#end
        let v0 = line_at(volume, z + kz - 1u, row + ky - 1u, column);
        a0 += l0 * v0.a + l1 * v0.b + l2 * v0.c;
        a1 += l0 * v0.b + l1 * v0.c + l2 * v0.d;
        a2 += l0 * v0.c + l1 * v0.d + l2 * v0.e;
        a3 += l0 * v0.d + l1 * v0.e + l2 * v0.f;
        b0 += h0 * v0.a + h1 * v0.b + h2 * v0.c;
        b1 += h0 * v0.b + h1 * v0.c + h2 * v0.d;
        b2 += h0 * v0.c + h1 * v0.d + h2 * v0.e;
        b3 += h0 * v0.d + h1 * v0.e + h2 * v0.f;
        let v1 = line_at(volume, z + kz - 1u, row + ky, column);
        a4 += l0 * v1.a + l1 * v1.b + l2 * v1.c;
        a5 += l0 * v1.b + l1 * v1.c + l2 * v1.d;
        a6 += l0 * v1.c + l1 * v1.d + l2 * v1.e;
        a7 += l0 * v1.d + l1 * v1.e + l2 * v1.f;
        b4 += h0 * v1.a + h1 * v1.b + h2 * v1.c;
        b5 += h0 * v1.b + h1 * v1.c + h2 * v1.d;
        b6 += h0 * v1.c + h1 * v1.d + h2 * v1.e;
        b7 += h0 * v1.d + h1 * v1.e + h2 * v1.f;
        let v2 = line_at(volume, z + kz, row + ky - 1u, column);
        a8 += l0 * v2.a + l1 * v2.b + l2 * v2.c;
        a9 += l0 * v2.b + l1 * v2.c + l2 * v2.d;
        a10 += l0 * v2.c + l1 * v2.d + l2 * v2.e;
        a11 += l0 * v2.d + l1 * v2.e + l2 * v2.f;
        b8 += h0 * v2.a + h1 * v2.b + h2 * v2.c;
        b9 += h0 * v2.b + h1 * v2.c + h2 * v2.d;
        b10 += h0 * v2.c + h1 * v2.d + h2 * v2.e;
        b11 += h0 * v2.d + h1 * v2.e + h2 * v2.f;
        let v3 = line_at(volume, z + kz, row + ky, column);
        a12 += l0 * v3.a + l1 * v3.b + l2 * v3.c;
        a13 += l0 * v3.b + l1 * v3.c + l2 * v3.d;
        a14 += l0 * v3.c + l1 * v3.d + l2 * v3.e;
        a15 += l0 * v3.d + l1 * v3.e + l2 * v3.f;
        b12 += h0 * v3.a + h1 * v3.b + h2 * v3.c;
        b13 += h0 * v3.b + h1 * v3.c + h2 * v3.d;
        b14 += h0 * v3.c + h1 * v3.d + h2 * v3.e;
        b15 += h0 * v3.d + h1 * v3.e + h2 * v3.f;
      }
    }
  }
  if (slot - octet * threads >= patches) { return; }
//#if HALF
  let window = line * ((p.w + 1u) / 2u) + 2u * pair;
  store_half_window(channel, sample, window, z, row, column, a0, a1, a4, a5, a8, a9, a12, a13);
  store_half_window(channel + 4u, sample, window, z, row, column, b0, b1, b4, b5, b8, b9, b12, b13);
  if (2u * pair + 1u >= (p.w + 1u) / 2u) { return; }
  store_half_window(channel, sample, window + 1u, z, row, column + 2u, a2, a3, a6, a7, a10, a11, a14, a15);
  store_half_window(channel + 4u, sample, window + 1u, z, row, column + 2u, b2, b3, b6, b7, b10, b11, b14, b15);
//#else
  if (POOL == 1u) {
    let left_a = pooled(z, row, column, a0, a1, a4, a5, a8, a9, a12, a13);
    let right_a = pooled(z, row, column + 2u, a2, a3, a6, a7, a10, a11, a14, a15);
    store_windows(channel, sample, pz, py, pair, left_a, right_a);
    let left_b = pooled(z, row, column, b0, b1, b4, b5, b8, b9, b12, b13);
    let right_b = pooled(z, row, column + 2u, b2, b3, b6, b7, b10, b11, b14, b15);
    store_windows(channel + 4u, sample, pz, py, pair, left_b, right_b);
    return;
  }
  store_voxel(channel, sample, z, row, column, a0); store_voxel(channel + 4u, sample, z, row, column, b0);
  store_voxel(channel, sample, z, row, column + 1u, a1); store_voxel(channel + 4u, sample, z, row, column + 1u, b1);
  store_voxel(channel, sample, z, row, column + 2u, a2); store_voxel(channel + 4u, sample, z, row, column + 2u, b2);
  store_voxel(channel, sample, z, row, column + 3u, a3); store_voxel(channel + 4u, sample, z, row, column + 3u, b3);
  store_voxel(channel, sample, z, row + 1u, column, a4); store_voxel(channel + 4u, sample, z, row + 1u, column, b4);
  store_voxel(channel, sample, z, row + 1u, column + 1u, a5); store_voxel(channel + 4u, sample, z, row + 1u, column + 1u, b5);
  store_voxel(channel, sample, z, row + 1u, column + 2u, a6); store_voxel(channel + 4u, sample, z, row + 1u, column + 2u, b6);
  store_voxel(channel, sample, z, row + 1u, column + 3u, a7); store_voxel(channel + 4u, sample, z, row + 1u, column + 3u, b7);
  store_voxel(channel, sample, z + 1u, row, column, a8); store_voxel(channel + 4u, sample, z + 1u, row, column, b8);
  store_voxel(channel, sample, z + 1u, row, column + 1u, a9); store_voxel(channel + 4u, sample, z + 1u, row, column + 1u, b9);
  store_voxel(channel, sample, z + 1u, row, column + 2u, a10); store_voxel(channel + 4u, sample, z + 1u, row, column + 2u, b10);
  store_voxel(channel, sample, z + 1u, row, column + 3u, a11); store_voxel(channel + 4u, sample, z + 1u, row, column + 3u, b11);
  store_voxel(channel, sample, z + 1u, row + 1u, column, a12); store_voxel(channel + 4u, sample, z + 1u, row + 1u, column, b12);
  store_voxel(channel, sample, z + 1u, row + 1u, column + 1u, a13); store_voxel(channel + 4u, sample, z + 1u, row + 1u, column + 1u, b13);
  store_voxel(channel, sample, z + 1u, row + 1u, column + 2u, a14); store_voxel(channel + 4u, sample, z + 1u, row + 1u, column + 2u, b14);
  store_voxel(channel, sample, z + 1u, row + 1u, column + 3u, a15); store_voxel(channel + 4u, sample, z + 1u, row + 1u, column + 3u, b15);
//#end
}

// Weight gradient of the convolution, first part:
//   partial[chunk, item, t, j] = sum over the chunk's planes (n, z) and over y, x of
//                                dy[n, 8 octet + j, z, y, x] x[n, ci, S z+kz-1, S y+ky-1, S x+kx-1],  S = STRIDE
// for item = (octet of output channels, ci, kz) and t = 3 ky + kx; conv3d_weight_grad_merge adds the chunks.
// `lanes` threads (a power of two up to 64) run along x; where rows are shorter than a workgroup, it takes 64 / lanes
// items at once. Chunk c takes the planes (n, z) c, c + chunks, ...
// operations: 54 * n * ci * co * od * oh * ow
// grid: [items / (64 / lanes), chunks]
const STRIDE: u32 = 1u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, od: u32, oh: u32, ow: u32, lanes: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * co * od * oh * ow]
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>; // [chunks * ((co + 7) / 8) * ci * 3 * 18]
var<workgroup> sums: array<vec4f, 576>; // nine taps of 64 threads

fn load(row: u32, column: u32) -> f32 {
  return select(0.0, x[row + min(column, p.w - 1u)], column < p.w);
}

// channels beyond the last are read from the last one; the merge leaves them out
fn upstream(base: u32, octet: u32, channel: u32) -> vec4f {
  let plane = p.od * p.oh * p.ow;
  let c = vec4<u32>(0u, 1u, 2u, 3u) + octet * 8u + channel;
  let s = min(c, vec4<u32>(p.co - 1u)) * plane + base;
  return vec4f(dy[s.x], dy[s.y], dy[s.z], dy[s.w]);
}

// adds up the lanes of each item for the four channels whose sums lie in the workgroup's memory
fn merge_lanes(thread: u32, first_item: u32, items: u32, chunk: u32, upper: u32) {
  for (var t = thread; t < 9u * (64u / p.lanes); t += 64u) {
    let local = t / 9u;
    if (first_item + local >= items) { continue; }
    var total = vec4f();
    for (var lane = 0u; lane < p.lanes; lane++) { total += sums[(t % 9u) * 64u + local * p.lanes + lane]; }
    partial[((chunk * items + first_item + local) * 9u + t % 9u) * 2u + upper] = total;
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let items = (p.co + 7u) / 8u * p.ci * 3u;
  let first_item = group.x * (64u / p.lanes);
  let item = min(first_item + thread / p.lanes, items - 1u);
  let kz = item % 3u;
  let channel = item / 3u % p.ci;
  let octet = item / (3u * p.ci);
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f(); var a4 = vec4f(); var a5 = vec4f(); var a6 = vec4f(); var a7 = vec4f(); var a8 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f(); var b4 = vec4f(); var b5 = vec4f(); var b6 = vec4f(); var b7 = vec4f(); var b8 = vec4f();
  for (var slice = group.y; slice < p.n * p.od; slice += p.chunks) {
    let oz = slice % p.od;
    let sample = slice / p.od;
    let iz = STRIDE * oz + kz - 1u; // below zero wraps around to beyond the volume
    if (iz >= p.d) { continue; }
    let plane = ((sample * p.ci + channel) * p.d + iz) * p.h;
    let out_plane = sample * p.co * p.od * p.oh * p.ow + oz * p.oh * p.ow;
    for (var oy = 0u; oy < p.oh; oy++) {
      let iy = STRIDE * oy;
      let above = (plane + max(iy, 1u) - 1u) * p.w;
      let middle = (plane + iy) * p.w;
      let below = (plane + min(iy + 1u, p.h - 1u)) * p.w;
      let above_inside = f32(iy > 0u);
      let below_inside = f32(iy + 1u < p.h);
      for (var column = thread % p.lanes; column < p.ow; column += p.lanes) {
        let ix = STRIDE * column;
        let base = out_plane + oy * p.ow + column;
        let low = upstream(base, octet, 0u);
        let high = upstream(base, octet, 4u);
        let v0 = load(above, ix - 1u) * above_inside;
        let v1 = load(above, ix) * above_inside;
        let v2 = load(above, ix + 1u) * above_inside;
        let v3 = load(middle, ix - 1u);
        let v4 = load(middle, ix);
        let v5 = load(middle, ix + 1u);
        let v6 = load(below, ix - 1u) * below_inside;
        let v7 = load(below, ix) * below_inside;
        let v8 = load(below, ix + 1u) * below_inside;
        a0 += low * v0; a1 += low * v1; a2 += low * v2; a3 += low * v3; a4 += low * v4; a5 += low * v5; a6 += low * v6; a7 += low * v7; a8 += low * v8;
        b0 += high * v0; b1 += high * v1; b2 += high * v2; b3 += high * v3; b4 += high * v4; b5 += high * v5; b6 += high * v6; b7 += high * v7; b8 += high * v8;
      }
    }
  }
  sums[thread] = a0; sums[64u + thread] = a1; sums[128u + thread] = a2; sums[192u + thread] = a3; sums[256u + thread] = a4;
  sums[320u + thread] = a5; sums[384u + thread] = a6; sums[448u + thread] = a7; sums[512u + thread] = a8;
  workgroupBarrier();
  merge_lanes(thread, first_item, items, group.y, 0u);
  workgroupBarrier();
  sums[thread] = b0; sums[64u + thread] = b1; sums[128u + thread] = b2; sums[192u + thread] = b3; sums[256u + thread] = b4;
  sums[320u + thread] = b5; sums[384u + thread] = b6; sums[448u + thread] = b7; sums[512u + thread] = b8;
  workgroupBarrier();
  merge_lanes(thread, first_item, items, group.y, 1u);
}

// Weight gradient of the convolution of stride 1, first part, for GPUs with fast workgroup memory:
//   partial[chunk, item, t, j] as conv3d_weight_grad has it
// For a tile of ROWS rows of ACROSS voxels in one plane at a time, dy in OCTETS octets of output channels and x in CI input
// channels, with one voxel around the tile, are brought to the workgroup's memory. A thread has one plane kz of the kernel, one
// input channel, one octet and one row: sums for nine taps and eight channels, of which it needs five loads for 72
// multiply-adds. At the end the rows are added up. CI * OCTETS * ROWS must be 64. Chunk c takes the tiles c, c + chunks, ...
// operations: 54 * n * ci * co * d * h * w
// grid: [ceil(ci / CI) * ceil(co / 8 / OCTETS), chunks]
const CI: u32 = 4u;
const OCTETS: u32 = 4u;
const ROWS: u32 = 4u;
const ACROSS: u32 = 16u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * co * d * h * w]
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>; // [chunks * ((co + 7) / 8) * ci * 3 * 18]
const LANES: u32 = 64u;
const THREADS: u32 = 192u;
// Strides of the tiles, in words of x and in quads of dy: the lanes of a subgroup read from different banks.
const X_ROW = ACROSS + 3u;
const X_PLANE = (ROWS + 2u) * X_ROW;
const X_CHANNEL = 3u * X_PLANE + (33u - 3u * X_PLANE % 32u) % 32u;
const Y_ROW = 2u * ACROSS + 1u;
var<workgroup> x_tile: array<f32, CI * X_CHANNEL>;
var<workgroup> dy_tile: array<vec4f, max(OCTETS * ROWS * Y_ROW, THREADS)>;

// four channels of dy at a place of a volume; beyond the last channel the last one's, which the merge leaves out
fn upstream(sample: u32, channel: u32, place: u32) -> vec4f {
  let step = p.d * p.h * p.w;
  let c = min(vec4<u32>(0u, 1u, 2u, 3u) + channel, vec4<u32>(p.co - 1u));
  let s = (sample * p.co + c) * step + place;
  return vec4f(dy[s.x], dy[s.y], dy[s.z], dy[s.w]);
}

fn bring_x(thread: u32, first_channel: u32, sample: u32, z: u32, row: u32, column: u32) {
  for (var e = thread; e < CI * 3u * (ROWS + 2u) * (ACROSS + 2u); e += THREADS) {
    let i = e % (ACROSS + 2u);
    let j = e / (ACROSS + 2u) % (ROWS + 2u);
    let k = e / ((ACROSS + 2u) * (ROWS + 2u)) % 3u;
    let c = e / ((ACROSS + 2u) * (ROWS + 2u) * 3u);
    // below zero wraps around to beyond the volume
    let iz = z + k - 1u; let iy = row + j - 1u; let ix = column + i - 1u;
    var v = 0.0;
    if (iz < p.d && iy < p.h && ix < p.w && first_channel + c < p.ci) {
      v = x[(((sample * p.ci + first_channel + c) * p.d + iz) * p.h + iy) * p.w + ix];
    }
    x_tile[c * X_CHANNEL + k * X_PLANE + j * X_ROW + i] = v;
  }
}

fn bring_dy(thread: u32, first_octet: u32, sample: u32, z: u32, row: u32, column: u32) {
  for (var e = thread; e < OCTETS * 2u * ROWS * ACROSS; e += THREADS) {
    let i = e % ACROSS;
    let j = e / ACROSS % ROWS;
    let quad = e / (ACROSS * ROWS);
    var v = vec4f();
    if (row + j < p.h && column + i < p.w) {
      v = upstream(sample, first_octet * 8u + quad * 4u, (z * p.h + row + j) * p.w + column + i);
    }
    dy_tile[(quad / 2u * ROWS + j) * Y_ROW + 2u * i + quad % 2u] = v;
  }
}

// adds up the rows' sums of a tap in four channels and writes them
fn merge_rows(thread: u32, value: vec4f, exists: bool, target_quad: u32) {
  workgroupBarrier();
  dy_tile[thread] = value;
  workgroupBarrier();
  if (!exists) { return; }
  var total = value;
  for (var r = 1u; r < ROWS; r++) { total += dy_tile[thread + r * CI]; }
  partial[target_quad] = total;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let octets = (p.co + 7u) / 8u;
  let channel_groups = (p.ci + CI - 1u) / CI;
  let first_channel = group.x % channel_groups * CI;
  let first_octet = group.x / channel_groups * OCTETS;
  let kz = thread / LANES;
  let channel = thread % CI;
  let line = thread % LANES / CI; // octet and row
  let tiles_x = (p.w + ACROSS - 1u) / ACROSS;
  let tiles_y = (p.h + ROWS - 1u) / ROWS;
  let x_start = channel * X_CHANNEL + kz * X_PLANE + line % ROWS * X_ROW;
  let dy_start = line * Y_ROW;
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f(); var a4 = vec4f(); var a5 = vec4f(); var a6 = vec4f(); var a7 = vec4f(); var a8 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f(); var b4 = vec4f(); var b5 = vec4f(); var b6 = vec4f(); var b7 = vec4f(); var b8 = vec4f();
  for (var t = group.y; t < p.n * p.d * tiles_y * tiles_x; t += p.chunks) {
    let column = t % tiles_x * ACROSS;
    let row = t / tiles_x % tiles_y * ROWS;
    let slice = t / (tiles_x * tiles_y);
    let z = slice % p.d;
    let sample = slice / p.d;
    workgroupBarrier();
    bring_x(thread, first_channel, sample, z, row, column);
    bring_dy(thread, first_octet, sample, z, row, column);
    workgroupBarrier();
    // three neighbours along x in each of three rows; the next voxel needs two of them again
    var above = vec2f(x_tile[x_start], x_tile[x_start + 1u]);
    var middle = vec2f(x_tile[x_start + X_ROW], x_tile[x_start + X_ROW + 1u]);
    var below = vec2f(x_tile[x_start + 2u * X_ROW], x_tile[x_start + 2u * X_ROW + 1u]);
    for (var i = 0u; i < ACROSS; i++) {
      let v2 = x_tile[x_start + i + 2u];
      let v5 = x_tile[x_start + X_ROW + i + 2u];
      let v8 = x_tile[x_start + 2u * X_ROW + i + 2u];
      let low = dy_tile[dy_start + 2u * i];
      let high = dy_tile[dy_start + 2u * i + 1u];
      a0 = fma(low, vec4f(above.x), a0); a1 = fma(low, vec4f(above.y), a1); a2 = fma(low, vec4f(v2), a2);
      a3 = fma(low, vec4f(middle.x), a3); a4 = fma(low, vec4f(middle.y), a4); a5 = fma(low, vec4f(v5), a5);
      a6 = fma(low, vec4f(below.x), a6); a7 = fma(low, vec4f(below.y), a7); a8 = fma(low, vec4f(v8), a8);
      b0 = fma(high, vec4f(above.x), b0); b1 = fma(high, vec4f(above.y), b1); b2 = fma(high, vec4f(v2), b2);
      b3 = fma(high, vec4f(middle.x), b3); b4 = fma(high, vec4f(middle.y), b4); b5 = fma(high, vec4f(v5), b5);
      b6 = fma(high, vec4f(below.x), b6); b7 = fma(high, vec4f(below.y), b7); b8 = fma(high, vec4f(v8), b8);
      above = vec2f(above.y, v2); middle = vec2f(middle.y, v5); below = vec2f(below.y, v8);
    }
  }
  let octet = first_octet + line / ROWS;
  let exists = line % ROWS == 0u && octet < octets && first_channel + channel < p.ci;
  let item = (octet * p.ci + first_channel + channel) * 3u + kz;
  let target_quad = (group.y * octets * p.ci * 3u + item) * 18u;
  merge_rows(thread, a0, exists, target_quad); merge_rows(thread, b0, exists, target_quad + 1u);
  merge_rows(thread, a1, exists, target_quad + 2u); merge_rows(thread, b1, exists, target_quad + 3u);
  merge_rows(thread, a2, exists, target_quad + 4u); merge_rows(thread, b2, exists, target_quad + 5u);
  merge_rows(thread, a3, exists, target_quad + 6u); merge_rows(thread, b3, exists, target_quad + 7u);
  merge_rows(thread, a4, exists, target_quad + 8u); merge_rows(thread, b4, exists, target_quad + 9u);
  merge_rows(thread, a5, exists, target_quad + 10u); merge_rows(thread, b5, exists, target_quad + 11u);
  merge_rows(thread, a6, exists, target_quad + 12u); merge_rows(thread, b6, exists, target_quad + 13u);
  merge_rows(thread, a7, exists, target_quad + 14u); merge_rows(thread, b7, exists, target_quad + 15u);
  merge_rows(thread, a8, exists, target_quad + 16u); merge_rows(thread, b8, exists, target_quad + 17u);
}

// The convolution of conv3d.wgsl for few output channels, on GPUs with fast workgroup memory. A workgroup has a tile of
// VX x VY x VZ pooling windows of one output channel, a thread one of them (2 x 2 x 2 voxels; an odd dimension has one
// plane before its first voxel). For one input channel at a time, the tile's windows and those around it are brought to
// the workgroup's memory. VX * VY * VZ must be 128. Weights are packed by conv3d_pack, BLOCK = 1.
// UNPOOL = 1: x is the gradient of a pooled volume, and codes_in what conv3d wrote with POOL = 1; what is convolved is the
//   gradient that leaky_unpool would make of them. With transposed weights this is the image's gradient in one pass.
// operations: 54 * n * ci * co * d * h * w
// grid: [tiles, folded into z beyond 65,535; co; n * folds]
const UNPOOL: u32 = 0u;
const HAS_BIAS: u32 = 1u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * ((d + UNPOOL) / (1 + UNPOOL)) * ((h + UNPOOL) / (1 + UNPOOL)) * ((w + UNPOOL) / (1 + UNPOOL))]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [co * ci * 27]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(4) var<storage, read> codes_in: array<u32>; // [UNPOOL * n * ci * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // [n * co * d * h * w]
const VX: u32 = 8u;
const VY: u32 = 4u;
const VZ: u32 = 4u;
const THREADS: u32 = 128u;
// windows of the tile with one around it
const WX = VX + 2u;
const WY = VY + 2u;
const WZ = VZ + 2u;
// in pairs of neighbours along x: the second voxel of a window and the first of the next
const PAIRS = WX - 1u;
const ROWS = 2u * WY;
var<workgroup> tile: array<vec2f, PAIRS * ROWS * 2u * WZ>;
var<workgroup> weights: array<vec4f, 9>; // three taps along x each

/// four rows of four neighbours along x, in one plane
struct Plane { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

fn tile_row(pair: u32) -> vec4f {
  return vec4f(tile[pair], tile[pair + 1u]);
}

fn tile_plane(pair: u32) -> Plane {
  return Plane(tile_row(pair), tile_row(pair + PAIRS), tile_row(pair + 2u * PAIRS), tile_row(pair + 3u * PAIRS));
}

// three taps along x for two rows of two voxels
fn row_taps(sums: vec4f, at: u32, upper: vec4f, lower: vec4f) -> vec4f {
  let w = weights[at];
  var s = fma(vec4f(w.x), vec4f(upper.xy, lower.xy), sums);
  s = fma(vec4f(w.y), vec4f(upper.yz, lower.yz), s);
  return fma(vec4f(w.z), vec4f(upper.zw, lower.zw), s);
}

fn plane_taps(sums: vec4f, at: u32, q: Plane) -> vec4f {
  return row_taps(row_taps(row_taps(sums, at, q.a, q.b), at + 1u, q.b, q.c), at + 2u, q.c, q.d);
}

// x at a voxel of the volume that x is, 0 outside
fn value(volume: u32, z: u32, row: u32, column: u32) -> f32 {
  if (z >= p.d || row >= p.h || column >= p.w) { return 0.0; }
  return x[((volume * p.d + z) * p.h + row) * p.w + column];
}

// brings a window's eight voxels to the tile: window `within` of the tile's rows from `line` on
fn bring(volume: u32, wz: u32, wy: u32, wx: u32, line: u32, within: u32) {
  let z = 2u * wz - p.d % 2u; let row = 2u * wy - p.h % 2u; let column = 2u * wx - p.w % 2u;
  var at = 8u; // nowhere
  var v = 0.0;
  if (UNPOOL == 1u) {
    let pd = (p.d + 1u) / 2u; let ph = (p.h + 1u) / 2u; let pw = (p.w + 1u) / 2u;
    if (wz < pd && wy < ph && wx < pw) {
      let line = (volume * pd + wz) * ph + wy;
      let code = codes_in[line * ((pw + 1u) / 2u) + wx / 2u] >> (4u * (wx % 2u));
      v = x[line * pw + wx] * select(p.slope, 1.0, (code & 8u) != 0u);
      at = code & 7u;
      // the plane before an odd dimension's first voxel is not the volume's
      if (z + at / 4u >= p.d || row + at / 2u % 2u >= p.h || column + at % 2u >= p.w) { at = 8u; }
    }
  }
  for (var i = 0u; i < 4u; i++) {
    var two = vec2f(select(0.0, v, at == 2u * i), select(0.0, v, at == 2u * i + 1u));
    if (UNPOOL == 0u) {
      two = vec2f(value(volume, z + i / 2u, row + i % 2u, column), value(volume, z + i / 2u, row + i % 2u, column + 1u));
    }
    let pair = (line + i / 2u * ROWS + i % 2u) * PAIRS + within;
    if (within > 0u) { tile[pair - 1u].y = two.x; }
    if (within < PAIRS) { tile[pair].x = two.y; }
  }
}

fn store_row(volume: u32, z: u32, row: u32, column: u32, v: vec2f) {
  if (z >= p.d || row >= p.h) { return; }
  let start = ((volume * p.d + z) * p.h + row) * p.w;
  if (column < p.w) { y[start + column] = v.x; }
  if (column + 1u < p.w) { y[start + column + 1u] = v.y; }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let tiles_x = ((p.w + 1u) / 2u + VX - 1u) / VX;
  let tiles_y = ((p.h + 1u) / 2u + VY - 1u) / VY;
  let sample = group.z % p.n;
  let place = group.z / p.n * groups.x + group.x;
  let first_x = place % tiles_x * VX; // windows
  let first_y = place / tiles_x % tiles_y * VY;
  let first_z = place / (tiles_x * tiles_y) * VZ;
  if (first_z >= (p.d + 1u) / 2u) { return; }
  let vx = thread % VX;
  let vy = thread / VX % VY;
  let vz = thread / (VX * VY);
  let pair = ((2u * vz + 1u) * ROWS + 2u * vy + 1u) * PAIRS + vx;
  var front = vec4f(); var back = vec4f(); // the window's two planes
  if (HAS_BIAS == 1u) { front = vec4f(bias[group.y]); back = front; }
  for (var c = 0u; c < p.ci; c++) {
    workgroupBarrier();
    for (var e = thread; e < WX * WY * WZ; e += THREADS) {
      let wx = e % WX; let wy = e / WX % WY; let wz = e / (WX * WY);
      // a window before the first wraps around to beyond the volume
      bring(sample * p.ci + c, first_z + wz - 1u, first_y + wy - 1u, first_x + wx - 1u, 2u * (wz * ROWS + wy), wx);
    }
    if (thread < 9u) {
      let at = (group.y * p.ci + c) * 27u + thread * 3u;
      weights[thread] = vec4f(weight[at], weight[at + 1u], weight[at + 2u], 0.0);
    }
    workgroupBarrier();
    for (var iz = 0u; iz < 4u; iz++) {
      let q = tile_plane(pair + iz * ROWS * PAIRS);
      if (iz < 3u) { front = plane_taps(front, iz * 3u, q); }
      if (iz > 0u) { back = plane_taps(back, iz * 3u - 3u, q); }
    }
  }
  let volume = sample * p.co + group.y;
  let z = 2u * (first_z + vz) - p.d % 2u; let row = 2u * (first_y + vy) - p.h % 2u; let column = 2u * (first_x + vx) - p.w % 2u;
  store_row(volume, z, row, column, front.xy);
  store_row(volume, z, row + 1u, column, front.zw);
  store_row(volume, z + 1u, row, column, back.xy);
  store_row(volume, z + 1u, row + 1u, column, back.zw);
}

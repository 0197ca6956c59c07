// The convolution of conv3d.wgsl for GPUs with fast workgroup memory. A workgroup has a tile of VX x VY x VZ pooling
// windows in OCTETS octets of output channels, a thread one window (2 x 2 x 2 voxels; an odd dimension has one plane
// before its first voxel) in one octet. For one input channel at a time, the tile's values with one voxel around it and
// the octets' weights are brought to the workgroup's memory, of which each thread then needs 64 values and 216 weights for
// 1,728 multiply-adds. OCTETS * VX * VY * VZ must be 128, and VX even.
// splits > 1: y is the sums over a part of the input channels each, [splits, n, co, d, h, w], for conv3d_product_merge.
// LEAKY, POOL, codes, HALF and the packed weights are as in conv3d.wgsl.
// operations: 54 * n * ci * co * d * h * w
// grid: [tiles, folded into z beyond 65,535; ceil(co / 8 / OCTETS) * splits; n * folds]
const OCTETS: u32 = 1u;
const VX: u32 = 8u;
const VY: u32 = 4u;
const VZ: u32 = 4u;
const HAS_BIAS: u32 = 1u;
const LEAKY: u32 = 0u;
const POOL: u32 = 0u;
const HALF: u32 = 0u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, splits: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(co + 7) / 8 * ci * 54]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
//#if HALF
@group(0) @binding(4) var<storage, read_write> y: array<vec4<u32>>; // [n * co * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
//#else
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [splits * n * co * ((d + POOL) / (1 + POOL)) * ((h + POOL) / (1 + POOL)) * ((w + POOL) / (1 + POOL))]
//#end
@group(0) @binding(5) var<storage, read_write> codes: array<u32>; // [POOL * n * co * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
const THREADS: u32 = 128u;
const WINDOWS = VX * VY * VZ;
// the tile in pairs of neighbours along x
const PAIRS = VX + 1u;
const ROWS = 2u * VY + 2u;
const TILE = PAIRS * ROWS * (2u * VZ + 2u);
var<workgroup> tile: array<vec2f, TILE>;
var<workgroup> weights: array<vec4f, OCTETS * 54u>;
var<workgroup> window_codes: array<u32, THREADS>;

//#include half_window

//#include conv3d_output

/// four rows of four neighbours along x, in one plane
struct Plane { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

/// sums of the window's voxels (4 z + 2 y + x) in four channels
struct Sums { v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f, v5: vec4f, v6: vec4f, v7: vec4f }

fn tile_row(pair: u32) -> vec4f {
  return vec4f(tile[pair], tile[pair + 1u]);
}

fn tile_plane(pair: u32) -> Plane {
  return Plane(tile_row(pair), tile_row(pair + PAIRS), tile_row(pair + 2u * PAIRS), tile_row(pair + 3u * PAIRS));
}

// sums with three taps along x added: the rows of the voxels at y 0 and 1, at z 0 and 1
fn row_taps(sums: Sums, w0: vec4f, w1: vec4f, w2: vec4f, a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> Sums {
  var s = sums;
  s.v0 = fma(w0, vec4f(a.x), s.v0); s.v1 = fma(w0, vec4f(a.y), s.v1); s.v2 = fma(w0, vec4f(b.x), s.v2); s.v3 = fma(w0, vec4f(b.y), s.v3);
  s.v4 = fma(w0, vec4f(c.x), s.v4); s.v5 = fma(w0, vec4f(c.y), s.v5); s.v6 = fma(w0, vec4f(d.x), s.v6); s.v7 = fma(w0, vec4f(d.y), s.v7);
  s.v0 = fma(w1, vec4f(a.y), s.v0); s.v1 = fma(w1, vec4f(a.z), s.v1); s.v2 = fma(w1, vec4f(b.y), s.v2); s.v3 = fma(w1, vec4f(b.z), s.v3);
  s.v4 = fma(w1, vec4f(c.y), s.v4); s.v5 = fma(w1, vec4f(c.z), s.v5); s.v6 = fma(w1, vec4f(d.y), s.v6); s.v7 = fma(w1, vec4f(d.z), s.v7);
  s.v0 = fma(w2, vec4f(a.z), s.v0); s.v1 = fma(w2, vec4f(a.w), s.v1); s.v2 = fma(w2, vec4f(b.z), s.v2); s.v3 = fma(w2, vec4f(b.w), s.v3);
  s.v4 = fma(w2, vec4f(c.z), s.v4); s.v5 = fma(w2, vec4f(c.w), s.v5); s.v6 = fma(w2, vec4f(d.z), s.v6); s.v7 = fma(w2, vec4f(d.w), s.v7);
  return s;
}

// sums with one plane of the kernel added, whose weights begin at `at`; z 0 reads plane q, z 1 the one behind it
fn plane_taps(sums: Sums, at: u32, q: Plane, next: Plane) -> Sums {
  var s = row_taps(sums, weights[at], weights[at + 2u], weights[at + 4u], q.a, q.b, next.a, next.b);
  s = row_taps(s, weights[at + 6u], weights[at + 8u], weights[at + 10u], q.b, q.c, next.b, next.c);
  return row_taps(s, weights[at + 12u], weights[at + 14u], weights[at + 16u], q.c, q.d, next.c, next.d);
}

// four biases from `channel` on; beyond the last the last one's, whose sums are not stored
fn bias_of(channel: u32) -> vec4f {
  let c = min(vec4<u32>(0u, 1u, 2u, 3u) + channel, vec4<u32>(p.co - 1u));
  return vec4f(bias[c.x], bias[c.y], bias[c.z], bias[c.w]);
}

fn filled(v: vec4f) -> Sums {
  return Sums(v, v, v, v, v, v, v, v);
}

//#if !HALF
fn store_window(sample: u32, channel: u32, z: u32, row: u32, column: u32, s: Sums) {
  store_voxel(channel, sample, z, row, column, s.v0);
  store_voxel(channel, sample, z, row, column + 1u, s.v1);
  store_voxel(channel, sample, z, row + 1u, column, s.v2);
  store_voxel(channel, sample, z, row + 1u, column + 1u, s.v3);
  store_voxel(channel, sample, z + 1u, row, column, s.v4);
  store_voxel(channel, sample, z + 1u, row, column + 1u, s.v5);
  store_voxel(channel, sample, z + 1u, row + 1u, column, s.v6);
  store_voxel(channel, sample, z + 1u, row + 1u, column + 1u, s.v7);
}
//#end

// the eight channels' codes of a window, four bits each
fn codes_of(low: Window, high: Window) -> u32 {
  return low.at.x | (low.at.y << 4u) | (low.at.z << 8u) | (low.at.w << 12u)
       | (high.at.x << 16u) | (high.at.y << 20u) | (high.at.z << 24u) | (high.at.w << 28u);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let pd = (p.d + 1u) / 2u; let ph = (p.h + 1u) / 2u; let pw = (p.w + 1u) / 2u;
  let tiles_x = (pw + VX - 1u) / VX;
  let tiles_y = (ph + VY - 1u) / VY;
  let sample = group.z % p.n;
  let place = group.z / p.n * groups.x + group.x;
  let first_x = place % tiles_x * VX; // windows
  let first_y = place / tiles_x % tiles_y * VY;
  let first_z = place / (tiles_x * tiles_y) * VZ;
  if (first_z >= pd) { return; }
  let split = group.y % p.splits;
  let first_octet = group.y / p.splits * OCTETS;
  let last_octet = (p.co + 7u) / 8u - 1u;
  let run = (p.ci + p.splits - 1u) / p.splits; // input channels of a split
  // the voxel before the tile's first; below zero wraps around to beyond the volume
  let corner_x = 2u * first_x - p.w % 2u - 1u;
  let corner_y = 2u * first_y - p.h % 2u - 1u;
  let corner_z = 2u * first_z - p.d % 2u - 1u;
  let window = thread % WINDOWS;
  let octet = thread / WINDOWS;
  let vx = window % VX;
  let vy = window / VX % VY;
  let vz = window / (VX * VY);
  let channel = (first_octet + octet) * 8u;
  let pair = (2u * vz * ROWS + 2u * vy) * PAIRS + vx;
  var low = Sums(); var high = Sums();
  if (HAS_BIAS == 1u) { low = filled(bias_of(channel)); high = filled(bias_of(channel + 4u)); }
  for (var c = split * run; c < min((split + 1u) * run, p.ci); c++) {
    workgroupBarrier();
    let volume = (sample * p.ci + c) * p.d;
    for (var e = thread; e < TILE; e += THREADS) {
      let line = e / PAIRS;
      let ix = corner_x + e % PAIRS * 2u;
      let iy = corner_y + line % ROWS;
      let iz = corner_z + line / ROWS;
      var two = vec2f();
      if (iz < p.d && iy < p.h) {
        let start = ((volume + iz) * p.h + iy) * p.w;
        if (ix < p.w) { two.x = x[start + ix]; }
        if (ix + 1u < p.w) { two.y = x[start + ix + 1u]; }
      }
      tile[e] = two;
    }
    for (var e = thread; e < OCTETS * 54u; e += THREADS) {
      weights[e] = weight[(min(first_octet + e / 54u, last_octet) * p.ci + c) * 54u + e % 54u];
    }
    workgroupBarrier();
    let at = octet * 54u;
    var q = tile_plane(pair);
    for (var kz = 0u; kz < 3u; kz++) {
      let next = tile_plane(pair + (kz + 1u) * ROWS * PAIRS);
      low = plane_taps(low, at + kz * 18u, q, next);
      high = plane_taps(high, at + kz * 18u + 1u, q, next);
      q = next;
    }
  }
  let pz = first_z + vz; let py = first_y + vy; let px = first_x + vx;
  let exists = (pz < pd) & (py < ph) & (px < pw);
  let z = corner_z + 1u + 2u * vz; let row = corner_y + 1u + 2u * vy; let column = corner_x + 1u + 2u * vx;
//#if HALF
  if (!exists) { return; }
  let at = (pz * ph + py) * pw + px;
  store_half_window(channel, sample, at, z, row, column, low.v0, low.v1, low.v2, low.v3, low.v4, low.v5, low.v6, low.v7);
  store_half_window(channel + 4u, sample, at, z, row, column, high.v0, high.v1, high.v2, high.v3, high.v4, high.v5, high.v6, high.v7);
//#else
  if (POOL == 0u) {
    let volume = split * p.n + sample;
    store_window(volume, channel, z, row, column, low);
    store_window(volume, channel + 4u, z, row, column, high);
    return;
  }
  let best_low = pooled(z, row, column, low.v0, low.v1, low.v2, low.v3, low.v4, low.v5, low.v6, low.v7);
  let best_high = pooled(z, row, column, high.v0, high.v1, high.v2, high.v3, high.v4, high.v5, high.v6, high.v7);
  window_codes[thread] = codes_of(best_low, best_high);
  workgroupBarrier();
  if (!exists) { return; }
  let line = ((sample * p.co + channel) * pd + pz) * ph + py;
  let volume = pd * ph * pw;
  store(channel, volume, line * pw + px, leaky(best_low.best));
  store(channel + 4u, volume, line * pw + px + 4u * volume, leaky(best_high.best));
  if (px % 2u == 1u) { return; }
  // the window's own codes and its right neighbour's, which the same octet of this workgroup has
  let left = window_codes[thread];
  let right = window_codes[thread + 1u];
  let pairs = (pw + 1u) / 2u;
  for (var i = 0u; i < 8u; i++) {
    if (channel + i < p.co) {
      codes[(line + i * pd * ph) * pairs + px / 2u] = ((left >> (4u * i)) & 15u) | (((right >> (4u * i)) & 15u) << 4u);
    }
  }
//#end
}

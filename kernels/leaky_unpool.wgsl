// The gradient of a volume before LeakyReLU and pooling from dy, that of the pooled one, and the codes that conv3d wrote
// with POOL = 1: dx = dy, times slope unless the code's 8 is set, at the place in its window that the code tells; else 0.
// A thread writes two windows along x, whose codes share a word. A workgroup covers `lanes` pairs of 64 / lanes rows of
// windows; volumes are n * channels.
// grid: [pairs / lanes, rows of windows / (64 / lanes), volumes]
struct Params { volumes: u32, d: u32, h: u32, w: u32, lanes: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(2) var<storage, read> codes: array<u32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [volumes * d * h * w]

// value where the code says this place, else 0
fn at(value: f32, code: u32, place: u32) -> f32 {
  return select(0.0, value, (code & 7u) == place);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let ph = (p.h + 1u) / 2u;
  let pw = (p.w + 1u) / 2u;
  let pairs = (pw + 1u) / 2u;
  let rows = (p.d + 1u) / 2u * ph;
  let pair = group.x * p.lanes + thread % p.lanes;
  let row = group.y * (64u / p.lanes) + thread / p.lanes;
  if (pair >= pairs || row >= rows) { return; }
  let line = group.z * rows + row;
  let word = codes[line * pairs + pair];
  let right = min(2u * pair + 1u, pw - 1u); // beyond the last window its voxels lie beyond the volume
  let left_value = dy[line * pw + 2u * pair] * select(p.slope, 1.0, (word & 8u) > 0u);
  let right_value = dy[line * pw + right] * select(p.slope, 1.0, (word & 128u) > 0u);
  let z = 2u * (row / ph) - p.d % 2u; // below zero wraps around to beyond the volume
  let y = 2u * (row % ph) - p.h % 2u;
  let x = 4u * pair - p.w % 2u;
  for (var i = 0u; i < 4u; i++) {
    let iz = z + i / 2u;
    let iy = y + i % 2u;
    if (iz >= p.d || iy >= p.h) { continue; }
    let start = ((group.z * p.d + iz) * p.h + iy) * p.w;
    if (x < p.w) { dx[start + x] = at(left_value, word, 2u * i); }
    if (x + 1u < p.w) { dx[start + x + 1u] = at(left_value, word, 2u * i + 1u); }
    if (x + 2u < p.w) { dx[start + x + 2u] = at(right_value, word >> 4u, 2u * i); }
    if (x + 3u < p.w) { dx[start + x + 3u] = at(right_value, word >> 4u, 2u * i + 1u); }
  }
}

// The gradient of a volume before LeakyReLU and pooling from dy, that of the pooled one, and the codes of the maxima, for GPUs,
// where neighbouring threads should write neighbouring voxels: what leaky_unpool does, or with NORMAL = 1 what
// batchnorm_pool_input_grad does. A thread has one voxel; a workgroup covers `lanes` of them in 64 / lanes rows.
// grid: [w / lanes, d * h / (64 / lanes), volumes]
const NORMAL: u32 = 0u;
struct Params { volumes: u32, channels: u32, d: u32, h: u32, w: u32, lanes: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(2) var<storage, read> codes: array<u32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
//#if NORMAL
@group(0) @binding(3) var<storage, read> line: array<vec4f>; // [channels]
@group(0) @binding(4) var<storage, read_write> dx: array<f32>; // [volumes * d * h * w] in place
//#else
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [volumes * d * h * w]
//#end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * p.lanes + thread % p.lanes;
  let place = group.y * (64u / p.lanes) + thread / p.lanes;
  if (column >= p.w || place >= p.d * p.h) { return; }
  // an odd dimension has one plane before its first voxel
  let x = column + p.w % 2u;
  let y = place % p.h + p.h % 2u;
  let z = place / p.h + p.d % 2u;
  let windows = (p.w + 1u) / 2u;
  let row = (group.z * ((p.d + 1u) / 2u) + z / 2u) * ((p.h + 1u) / 2u) + y / 2u;
  let code = codes[row * ((windows + 1u) / 2u) + x / 4u] >> (x / 2u % 2u * 4u);
  let value = dy[row * windows + x / 2u] * select(p.slope, 1.0, (code & 8u) != 0u);
  let g = select(0.0, value, (code & 7u) == 4u * (z % 2u) + 2u * (y % 2u) + x % 2u);
  let i = (group.z * p.d * p.h + place) * p.w + column;
//#if NORMAL
  let normal = line[group.z % p.channels];
  dx[i] = normal.x * (g - normal.z - (dx[i] - normal.y) * normal.w);
//#else
  dx[i] = g;
//#end
}

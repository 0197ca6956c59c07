// 3 x 3 x 3 convolution, stride 1, padding 1, as a matrix product: voxels by (input channel, tap) times that by output
// channels. For volumes of few voxels and many channels, whose patches in conv3d would be too few threads to fill a GPU;
// the input channels are split over workgroups, and conv3d_product_merge adds the splits.
//   partial[split, n, co, z, y, x] = the sum over the split's input channels, as conv3d has it
// A workgroup has 16 voxels and 64 output channels, a thread four of each; 16 products at a time lie in its memory.
// Weights are packed by conv3d_pack, BLOCK = 8.
// operations: 54 * n * ci * co * d * h * w
// grid: [n * d * h * w / 16, co / 64, splits]
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, splits: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(co + 7) / 8 * ci * 54]
@group(0) @binding(3) var<storage, read_write> partial: array<f32>; // [splits * n * co * d * h * w]
var<workgroup> values: array<vec4f, 64>; // [16 products, 4 quads of voxels]
var<workgroup> weights: array<vec4f, 256>; // [16 products, 16 quads of channels]

// x at a voxel's neighbour by `tap`, times nothing where that lies outside
fn neighbour(voxel: u32, channel: u32, tap: u32) -> f32 {
  let area = p.h * p.w;
  let sample = voxel / (p.d * area);
  let place = voxel - sample * p.d * area;
  let z = place / area + tap / 9u - 1u; // below zero wraps around to beyond the volume
  let row = place % area / p.w + tap / 3u % 3u - 1u;
  let column = place % p.w + tap % 3u - 1u;
  if (z >= p.d || row >= p.h || column >= p.w) { return 0.0; }
  return x[(((sample * p.ci + channel) * p.d + z) * p.h + row) * p.w + column];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let all = p.n * p.d * p.h * p.w;
  let run = (p.ci + p.splits - 1u) / p.splits;
  let begin = group.z * run * 27u;
  let end = min((group.z + 1u) * run, p.ci) * 27u;
  let octets = (p.co + 7u) / 8u;
  let quad = thread % 16u; // of channels
  let four = thread / 16u; // of voxels
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f();
  for (var first = begin; first < end; first += 16u) {
    // each thread brings four voxels of one product and four channels of four products
    let k = first + thread / 4u;
    let voxel = group.x * 16u + thread % 4u * 4u;
    var mine = vec4f();
    if (k < end) {
      let c = k / 27u;
      let tap = k - c * 27u;
      for (var i = 0u; i < 4u; i++) {
        if (voxel + i < all) { mine[i] = neighbour(voxel + i, c, tap); }
      }
    }
    values[thread] = mine;
    for (var i = 0u; i < 4u; i++) {
      let product = first + i * 4u + four;
      let octet = min(group.y * 8u + quad / 2u, octets - 1u);
      weights[i * 64u + thread] = weight[(octet * p.ci * 27u + min(product, end - 1u)) * 2u + quad % 2u];
    }
    workgroupBarrier();
    for (var j = 0u; j < 16u; j++) {
      let w = weights[j * 16u + quad];
      let v = values[j * 4u + four];
      a0 += w * v.x;
      a1 += w * v.y;
      a2 += w * v.z;
      a3 += w * v.w;
    }
    workgroupBarrier();
  }
  let spatial = p.d * p.h * p.w;
  for (var i = 0u; i < 4u; i++) {
    let voxel = group.x * 16u + four * 4u + i;
    if (voxel >= all) { break; }
    let sums = select(select(a2, a3, i == 3u), select(a0, a1, i == 1u), i < 2u);
    let sample = voxel / spatial;
    for (var j = 0u; j < 4u; j++) {
      let channel = group.y * 64u + quad * 4u + j;
      if (channel < p.co) {
        partial[((group.z * p.n + sample) * p.co + channel) * spatial + voxel - sample * spatial] = sums[j];
      }
    }
  }
}

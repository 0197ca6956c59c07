// Volumes from a coarser grid, whose values lie at every spacing-th voxel from the first on, linearly between them along each
// axis: y[u] = a + f (b - a) of the values a before u and b behind it, f = (u mod spacing) / spacing. Where a = b it is y, exactly.
// The grid reaches up to the last voxel or beyond.
// grid: [d * h * w / 256, 1, volumes]
struct Params { volumes: u32, d: u32, h: u32, w: u32, spacing: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [volumes * ((d + spacing - 2) / spacing + 1) * ((h + spacing - 2) / spacing + 1) * ((w + spacing - 2) / spacing + 1)]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [volumes * d * h * w]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let voxels = p.d * p.h * p.w;
  if (id.x >= voxels) { return; }
  let u = vec3<u32>(id.x % p.w, id.x / p.w % p.h, id.x / p.w / p.h);
  let sizes = (vec3<u32>(p.w, p.h, p.d) + p.spacing - 2u) / p.spacing + 1u;
  let node = u / p.spacing;
  let f = vec3f(u % p.spacing) / f32(p.spacing);
  // beyond the last value lies no voxel: there f is 0
  let step = select(vec3<u32>(0u), vec3<u32>(1u, sizes.x, sizes.x * sizes.y), node + 1u < sizes);
  let first = ((id.z * sizes.z + node.z) * sizes.y + node.y) * sizes.x + node.x;
  var planes: array<f32, 2>;
  for (var k = 0u; k < 2u; k++) {
    var rows: array<f32, 2>;
    for (var j = 0u; j < 2u; j++) {
      let at = first + k * step.z + j * step.y;
      rows[j] = x[at] + f.x * (x[at + step.x] - x[at]);
    }
    planes[k] = rows[0] + f.y * (rows[1] - rows[0]);
  }
  y[id.z * voxels + id.x] = planes[0] + f.z * (planes[1] - planes[0]);
}

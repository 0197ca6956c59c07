// The adjoint of trilinear.wgsl: dx[node] = sum over the voxels u within one spacing of dy[u] prod over axes (1 - |u - at| / spacing)
// grid: [nodes / 64, 1, volumes]
struct Params { volumes: u32, d: u32, h: u32, w: u32, spacing: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [volumes * d * h * w]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // [volumes * ((d + spacing - 2) / spacing + 1) * ((h + spacing - 2) / spacing + 1) * ((w + spacing - 2) / spacing + 1)]

fn weight(u: u32, at: u32) -> f32 {
  return f32(p.spacing - (max(u, at) - min(u, at))) / f32(p.spacing);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let shape = vec3<u32>(p.w, p.h, p.d);
  let sizes = (shape + p.spacing - 2u) / p.spacing + 1u;
  let nodes = sizes.x * sizes.y * sizes.z;
  if (id.x >= nodes) { return; }
  let at = p.spacing * vec3<u32>(id.x % sizes.x, id.x / sizes.x % sizes.y, id.x / sizes.x / sizes.y);
  let low = max(at, vec3<u32>(p.spacing - 1u)) + 1u - p.spacing;
  let high = min(at + p.spacing, shape);
  var sum = 0.0;
  for (var z = low.z; z < high.z; z++) {
    for (var y = low.y; y < high.y; y++) {
      let both = weight(z, at.z) * weight(y, at.y);
      let row = ((id.z * p.d + z) * p.h + y) * p.w;
      for (var x = low.x; x < high.x; x++) { sum += both * weight(x, at.x) * dy[row + x]; }
    }
  }
  dx[id.z * nodes + id.x] = sum;
}

// rounds times eight independent chains of vec4 multiply-adds a thread, 64 operations a round: the device's FMA rate
// grid: size / 64 workgroups
struct Params { size: u32, rounds: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [1]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [size]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= p.size) { return; }
  let s = x[0]; // unknown to the compiler, so that no chain folds away
  var a = vec4f(f32(id.x) * 1e-6); var b = a + 0.1; var c = a + 0.2; var d = a + 0.3;
  var e = a + 0.4; var f = a + 0.5; var g = a + 0.6; var h = a + 0.7;
  for (var i = 0u; i < p.rounds; i++) {
    a = fma(a, vec4f(s), b); b = fma(b, vec4f(s), c); c = fma(c, vec4f(s), d); d = fma(d, vec4f(s), e);
    e = fma(e, vec4f(s), f); f = fma(f, vec4f(s), g); g = fma(g, vec4f(s), h); h = fma(h, vec4f(s), a);
  }
  y[id.x] = a + b + c + d + e + f + g + h;
}

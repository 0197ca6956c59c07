// rounds times sixteen vec4 multiply-adds a thread, in four independent chains: the device's rate of multiply-adds, in
// float32, or in float16 with HALF = 1
// operations: 128 * size * rounds
// grid: size / 64 workgroups
//#if HALF
enable f16;
//#end
const HALF: u32 = 0u;
struct Params { size: u32, rounds: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [1]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [size]
//#if HALF
alias Four = vec4<f16>;
//#else
alias Four = vec4<f32>;
//#end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= p.size) { return; }
  let s = Four(vec4f(x[0])); // unknown to the compiler, so that no chain folds away
  let t = Four(vec4f(f32(id.x) * 1e-9));
  var a = Four(); var b = Four(); var c = Four(); var d = Four();
  for (var i = 0u; i < p.rounds; i++) {
    a = fma(a, s, t); b = fma(b, s, t); c = fma(c, s, t); d = fma(d, s, t);
    a = fma(a, s, t); b = fma(b, s, t); c = fma(c, s, t); d = fma(d, s, t);
    a = fma(a, s, t); b = fma(b, s, t); c = fma(c, s, t); d = fma(d, s, t);
    a = fma(a, s, t); b = fma(b, s, t); c = fma(c, s, t); d = fma(d, s, t);
  }
  y[id.x] = vec4f(a + b + c + d);
}

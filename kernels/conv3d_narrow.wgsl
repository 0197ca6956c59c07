// The convolution of conv3d.wgsl for few output channels: a thread computes eight neighbours along x in four rows along
// y of one channel; each sum is a vec4 over the rows. Weights are packed by conv3d_pack, BLOCK = 1.
// A workgroup covers `lanes` strips of 64 / lanes bands, a band being four rows of one z.
// grid: [strips / lanes, d * bands / (64 / lanes), n * co]
const HAS_BIAS: u32 = 1u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [co * ci * 27]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * co * d * h * w]

fn load(plane: u32, line: u32, column: u32) -> f32 {
  let inside = (line < p.h) & (column < p.w); // no short circuit: forty branches would cost some compilers minutes
  return select(0.0, x[plane + min(line, p.h - 1u) * p.w + min(column, p.w - 1u)], inside);
}

fn store(start: u32, line: u32, column: u32, rows: vec4f) {
  if (column >= p.w) { return; }
  let end = min(p.h - line, 4u);
  for (var i = 0u; i < end; i++) { y[start + i * p.w] = rows[i]; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let bands = (p.h + 3u) / 4u;
  let column = (group.x * p.lanes + thread % p.lanes) * 8u;
  let band = group.y * (64u / p.lanes) + thread / p.lanes;
  if (column >= p.w || band >= p.d * bands) { return; }
  let z = band / bands;
  let line = band % bands * 4u;
  let channel = group.z % p.co;
  let sample = group.z / p.co;
  var b = 0.0;
  if (HAS_BIAS == 1u) { b = bias[channel]; }
  var s0 = vec4f(b); var s1 = vec4f(b); var s2 = vec4f(b); var s3 = vec4f(b); var s4 = vec4f(b); var s5 = vec4f(b); var s6 = vec4f(b); var s7 = vec4f(b);
  for (var c = 0u; c < p.ci; c++) {
    for (var kz = 0u; kz < 3u; kz++) {
      let iz = z + kz - 1u; // below zero wraps around to beyond the volume
      if (iz >= p.d) { continue; }
      let plane = ((sample * p.ci + c) * p.d + iz) * p.h * p.w;
      let tap = (channel * p.ci + c) * 27u + kz * 9u;
      for (var ky = 0u; ky < 3u; ky++) {
        let top = line + ky - 1u;
        let w0 = weight[tap + ky * 3u];
        let w1 = weight[tap + ky * 3u + 1u];
        let w2 = weight[tap + ky * 3u + 2u];
        let v0 = vec4f(load(plane, top, column - 1u), load(plane, top + 1u, column - 1u), load(plane, top + 2u, column - 1u), load(plane, top + 3u, column - 1u));
        let v1 = vec4f(load(plane, top, column), load(plane, top + 1u, column), load(plane, top + 2u, column), load(plane, top + 3u, column));
        let v2 = vec4f(load(plane, top, column + 1u), load(plane, top + 1u, column + 1u), load(plane, top + 2u, column + 1u), load(plane, top + 3u, column + 1u));
        let v3 = vec4f(load(plane, top, column + 2u), load(plane, top + 1u, column + 2u), load(plane, top + 2u, column + 2u), load(plane, top + 3u, column + 2u));
        let v4 = vec4f(load(plane, top, column + 3u), load(plane, top + 1u, column + 3u), load(plane, top + 2u, column + 3u), load(plane, top + 3u, column + 3u));
        let v5 = vec4f(load(plane, top, column + 4u), load(plane, top + 1u, column + 4u), load(plane, top + 2u, column + 4u), load(plane, top + 3u, column + 4u));
        let v6 = vec4f(load(plane, top, column + 5u), load(plane, top + 1u, column + 5u), load(plane, top + 2u, column + 5u), load(plane, top + 3u, column + 5u));
        let v7 = vec4f(load(plane, top, column + 6u), load(plane, top + 1u, column + 6u), load(plane, top + 2u, column + 6u), load(plane, top + 3u, column + 6u));
        let v8 = vec4f(load(plane, top, column + 7u), load(plane, top + 1u, column + 7u), load(plane, top + 2u, column + 7u), load(plane, top + 3u, column + 7u));
        let v9 = vec4f(load(plane, top, column + 8u), load(plane, top + 1u, column + 8u), load(plane, top + 2u, column + 8u), load(plane, top + 3u, column + 8u));
        s0 += w0 * v0 + w1 * v1 + w2 * v2;
        s1 += w0 * v1 + w1 * v2 + w2 * v3;
        s2 += w0 * v2 + w1 * v3 + w2 * v4;
        s3 += w0 * v3 + w1 * v4 + w2 * v5;
        s4 += w0 * v4 + w1 * v5 + w2 * v6;
        s5 += w0 * v5 + w1 * v6 + w2 * v7;
        s6 += w0 * v6 + w1 * v7 + w2 * v8;
        s7 += w0 * v7 + w1 * v8 + w2 * v9;
      }
    }
  }
  let start = (((sample * p.co + channel) * p.d + z) * p.h + line) * p.w + column;
  store(start, line, column, s0);
  store(start + 1u, line, column + 1u, s1);
  store(start + 2u, line, column + 2u, s2);
  store(start + 3u, line, column + 3u, s3);
  store(start + 4u, line, column + 4u, s4);
  store(start + 5u, line, column + 5u, s5);
  store(start + 6u, line, column + 6u, s6);
  store(start + 7u, line, column + 7u, s7);
}

// Weight gradient of the convolution with stride 1, first part, for subgroups of eight lanes (conv3d_weight_grad serves
// all others and has the formula). A lane has one of eight output channels (an octet) and sums for the 27 taps of one
// input channel; the subgroup loads eight neighbours of x at once and passes each on to all its lanes.
// A chunk is a run of rows (n, z, y), whose neighbours are then still in the cache; six voxels of a row at a time.
//   partial[chunk, octet, ci, tap, lane]; conv3d_weight_grad_merge adds the chunks
// operations: 54 * n * ci * co * d * h * w
// grid: [octets * ci / 8, chunks]: a subgroup per pair of octet and input channel
enable subgroups;
diagnostic(off, subgroup_uniformity); // all lanes of a subgroup have one pair and one chunk
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * co * d * h * w]
@group(0) @binding(3) var<storage, read_write> partial: array<f32>; // [chunks * ((co + 7) / 8) * ci * 216]

/// six neighbours along x
struct Six { a: f32, b: f32, c: f32, d: f32, e: f32, f: f32 }

fn upstream(row: u32, column: u32) -> f32 {
  return select(0.0, dy[row + min(column, p.w - 1u)], column < p.w);
}

// the three taps along x of a row, of which `values` holds eight neighbours, one in each lane
fn taps(g: Six, values: f32) -> vec3f {
  let v0 = subgroupBroadcast(values, 0u); let v1 = subgroupBroadcast(values, 1u); let v2 = subgroupBroadcast(values, 2u); let v3 = subgroupBroadcast(values, 3u);
  let v4 = subgroupBroadcast(values, 4u); let v5 = subgroupBroadcast(values, 5u); let v6 = subgroupBroadcast(values, 6u); let v7 = subgroupBroadcast(values, 7u);
  return vec3f(g.a * v0 + g.b * v1 + g.c * v2 + g.d * v3 + g.e * v4 + g.f * v5,
               g.a * v1 + g.b * v2 + g.c * v3 + g.d * v4 + g.e * v5 + g.f * v6,
               g.a * v2 + g.b * v3 + g.c * v4 + g.d * v5 + g.e * v6 + g.f * v7);
}

fn row_taps(g: Six, volume: u32, z: u32, y: u32, column: u32) -> vec3f {
  if (z >= p.d || y >= p.h) { return vec3f(); }
  return taps(g, select(0.0, x[((volume * p.d + z) * p.h + y) * p.w + min(column, p.w - 1u)], column < p.w));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32, @builtin(subgroup_invocation_id) lane: u32) {
  let pair = group.x * 8u + thread / 8u;
  let octet = pair / p.ci;
  if (octet * 8u >= p.co) { return; }
  let c = pair % p.ci;
  let channel = min(octet * 8u + lane, p.co - 1u); // a lane beyond the last channel works for the others' loads only
  var s0 = vec3f(); var s1 = vec3f(); var s2 = vec3f(); var s3 = vec3f(); var s4 = vec3f(); var s5 = vec3f(); var s6 = vec3f(); var s7 = vec3f(); var s8 = vec3f();
  let rows = p.n * p.d * p.h;
  let run = (rows + p.chunks - 1u) / p.chunks;
  let end = min((group.y + 1u) * run, rows);
  for (var row = group.y * run; row < end; row++) {
    let y = row % p.h;
    let z = row / p.h % p.d;
    let sample = row / (p.h * p.d);
    let volume = sample * p.ci + c;
    let start = (((sample * p.co + channel) * p.d + z) * p.h + y) * p.w;
    for (var column = 0u; column < p.w; column += 6u) {
      let g = Six(upstream(start, column), upstream(start, column + 1u), upstream(start, column + 2u),
                  upstream(start, column + 3u), upstream(start, column + 4u), upstream(start, column + 5u));
      let first = column + lane - 1u; // below zero wraps around to beyond the row
      s0 += row_taps(g, volume, z - 1u, y - 1u, first);
      s1 += row_taps(g, volume, z - 1u, y, first);
      s2 += row_taps(g, volume, z - 1u, y + 1u, first);
      s3 += row_taps(g, volume, z, y - 1u, first);
      s4 += row_taps(g, volume, z, y, first);
      s5 += row_taps(g, volume, z, y + 1u, first);
      s6 += row_taps(g, volume, z + 1u, y - 1u, first);
      s7 += row_taps(g, volume, z + 1u, y, first);
      s8 += row_taps(g, volume, z + 1u, y + 1u, first);
    }
  }
  let out = ((group.y * ((p.co + 7u) / 8u) * p.ci + pair) * 27u) * 8u + lane;
  partial[out + 0u] = s0.x; partial[out + 8u] = s0.y; partial[out + 16u] = s0.z;
  partial[out + 24u] = s1.x; partial[out + 32u] = s1.y; partial[out + 40u] = s1.z;
  partial[out + 48u] = s2.x; partial[out + 56u] = s2.y; partial[out + 64u] = s2.z;
  partial[out + 72u] = s3.x; partial[out + 80u] = s3.y; partial[out + 88u] = s3.z;
  partial[out + 96u] = s4.x; partial[out + 104u] = s4.y; partial[out + 112u] = s4.z;
  partial[out + 120u] = s5.x; partial[out + 128u] = s5.y; partial[out + 136u] = s5.z;
  partial[out + 144u] = s6.x; partial[out + 152u] = s6.y; partial[out + 160u] = s6.z;
  partial[out + 168u] = s7.x; partial[out + 176u] = s7.y; partial[out + 184u] = s7.z;
  partial[out + 192u] = s8.x; partial[out + 200u] = s8.y; partial[out + 208u] = s8.z;
}

// Weight gradient of the convolution with stride 1, first part, for subgroups of eight lanes (conv3d_weight_grad serves
// all others and has the formula). A lane has one of eight output channels (an octet), with TWO = 1 one of each of two
// octets, and sums for the 27 taps of one input channel; the subgroup loads eight neighbours of x at once and passes
// each on to all its lanes.
// A strip is six columns and up to `height` rows of a plane (n, z); the thread goes down it along y and keeps the rows
// that the next step needs too. A chunk is a run of strips, along x first, whose rows are then still in the cache.
//   partial[chunk, octet, ci, tap, lane]; conv3d_weight_grad_merge adds the chunks
// DIRECT = 1: there is one chunk, and partial is dw[co, ci, tap] itself.
// operations: 54 * n * ci * co * d * h * w
// grid: [octets * ci / 8, or pairs of octets; chunks]: a subgroup per input channel and octet or pair of octets
enable subgroups;
diagnostic(off, subgroup_uniformity); // all lanes of a subgroup have the same octets, input channel and chunk
const TWO: u32 = 1u;
const DIRECT: u32 = 0u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, height: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * co * d * h * w]
@group(0) @binding(3) var<storage, read_write> partial: array<f32>; // [DIRECT * (co * ci * 27) + (1 - DIRECT) * (chunks * ((co + 7) / 8) * ci * 216)]

/// six neighbours along x
struct Six { a: f32, b: f32, c: f32, d: f32, e: f32, f: f32 }

/// eight neighbours along x, the same in every lane
struct Row { a: f32, b: f32, c: f32, d: f32, e: f32, f: f32, g: f32, h: f32 }

fn upstream(row: u32, column: u32) -> Six {
  let last = p.w - 1u;
  return Six(dy[row + column], select(0.0, dy[row + min(column + 1u, last)], column + 1u < p.w),
             select(0.0, dy[row + min(column + 2u, last)], column + 2u < p.w), select(0.0, dy[row + min(column + 3u, last)], column + 3u < p.w),
             select(0.0, dy[row + min(column + 4u, last)], column + 4u < p.w), select(0.0, dy[row + min(column + 5u, last)], column + 5u < p.w));
}

fn spread(v: f32) -> Row {
  return Row(subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u), subgroupBroadcast(v, 2u), subgroupBroadcast(v, 3u),
             subgroupBroadcast(v, 4u), subgroupBroadcast(v, 5u), subgroupBroadcast(v, 6u), subgroupBroadcast(v, 7u));
}

// the three taps along x of a row
fn taps(g: Six, v: Row) -> vec3f {
  return vec3f(g.a * v.a + g.b * v.b + g.c * v.c + g.d * v.d + g.e * v.e + g.f * v.f,
               g.a * v.b + g.b * v.c + g.c * v.d + g.d * v.e + g.e * v.f + g.f * v.g,
               g.a * v.c + g.b * v.d + g.c * v.e + g.d * v.f + g.e * v.g + g.f * v.h);
}

// this lane's column of a row of x; rows below zero wrap around to beyond the plane
fn load(plane: u32, y: u32, column: u32, inside: bool) -> f32 {
  return select(0.0, x[plane + min(y, p.h - 1u) * p.w + min(column, p.w - 1u)], inside & (y < p.h) & (column < p.w));
}

// writes the 27 sums of an output channel
fn store(chunk: u32, octet: u32, lane: u32, c: u32, r0: vec3f, r1: vec3f, r2: vec3f, r3: vec3f, r4: vec3f, r5: vec3f, r6: vec3f, r7: vec3f, r8: vec3f) {
  if (octet * 8u >= p.co || (DIRECT == 1u && octet * 8u + lane >= p.co)) { return; }
  let step = select(8u, 1u, DIRECT == 1u);
  var at = select((((chunk * ((p.co + 7u) / 8u) + octet) * p.ci + c) * 27u) * 8u + lane, ((octet * 8u + lane) * p.ci + c) * 27u, DIRECT == 1u);
  partial[at] = r0.x; partial[at + step] = r0.y; partial[at + 2u * step] = r0.z;
  at += 3u * step;
  partial[at] = r1.x; partial[at + step] = r1.y; partial[at + 2u * step] = r1.z;
  at += 3u * step;
  partial[at] = r2.x; partial[at + step] = r2.y; partial[at + 2u * step] = r2.z;
  at += 3u * step;
  partial[at] = r3.x; partial[at + step] = r3.y; partial[at + 2u * step] = r3.z;
  at += 3u * step;
  partial[at] = r4.x; partial[at + step] = r4.y; partial[at + 2u * step] = r4.z;
  at += 3u * step;
  partial[at] = r5.x; partial[at + step] = r5.y; partial[at + 2u * step] = r5.z;
  at += 3u * step;
  partial[at] = r6.x; partial[at + step] = r6.y; partial[at + 2u * step] = r6.z;
  at += 3u * step;
  partial[at] = r7.x; partial[at + step] = r7.y; partial[at + 2u * step] = r7.z;
  at += 3u * step;
  partial[at] = r8.x; partial[at + step] = r8.y; partial[at + 2u * step] = r8.z;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32, @builtin(subgroup_invocation_id) lane: u32) {
  let item = group.x * 8u + thread / 8u;
  let octet = item / p.ci * (1u + TWO);
  if (octet * 8u >= p.co) { return; }
  let c = item % p.ci;
  // a lane beyond the last channel works for the others' loads only
  let channel = min(octet * 8u + lane, p.co - 1u);
  let next = min(octet * 8u + 8u + lane, p.co - 1u);
  var s0 = vec3f(); var s1 = vec3f(); var s2 = vec3f(); var s3 = vec3f(); var s4 = vec3f(); var s5 = vec3f(); var s6 = vec3f(); var s7 = vec3f(); var s8 = vec3f();
//#if TWO
  var t0 = vec3f(); var t1 = vec3f(); var t2 = vec3f(); var t3 = vec3f(); var t4 = vec3f(); var t5 = vec3f(); var t6 = vec3f(); var t7 = vec3f(); var t8 = vec3f();
//#end
  let across = (p.w + 5u) / 6u;
  let area = p.h * p.w;
  let down = (p.h + p.height - 1u) / p.height;
  let strips = p.n * p.d * down * across;
  let run = (strips + p.chunks - 1u) / p.chunks;
  let end = min((group.y + 1u) * run, strips);
  for (var strip = group.y * run; strip < end; strip++) {
    let line = strip / across;
    let first = line % down * p.height;
    let z = line / down % p.d;
    let sample = line / (down * p.d);
    let column = (strip - line * across) * 6u;
    let mine = column + lane - 1u; // below zero wraps around to beyond the row
    let middle = ((sample * p.ci + c) * p.d + z) * area;
    let has_above = z > 0u;
    let has_below = z + 1u < p.d;
    let above = middle - select(0u, area, has_above);
    let below = middle + select(0u, area, has_below);
    var row = ((sample * p.co + channel) * p.d + z) * area + first * p.w;
    var row_next = ((sample * p.co + next) * p.d + z) * area + first * p.w;
    // rows y - 1 and y of the three planes
    var a0 = load(above, first - 1u, mine, has_above); var b0 = load(middle, first - 1u, mine, true); var c0 = load(below, first - 1u, mine, has_below);
    var a1 = load(above, first, mine, has_above); var b1 = load(middle, first, mine, true); var c1 = load(below, first, mine, has_below);
    let last = min(first + p.height, p.h);
    for (var y = first; y < last; y++) {
      let a2 = load(above, y + 1u, mine, has_above);
      let b2 = load(middle, y + 1u, mine, true);
      let c2 = load(below, y + 1u, mine, has_below);
      let g = upstream(row, column);
//#if TWO
      let f = upstream(row_next, column);
//#end
      let v0 = spread(a0); s0 += taps(g, v0);
//#if TWO
      t0 += taps(f, v0);
//#end
      let v1 = spread(a1); s1 += taps(g, v1);
//#if TWO
      t1 += taps(f, v1);
//#end
      let v2 = spread(a2); s2 += taps(g, v2);
//#if TWO
      t2 += taps(f, v2);
//#end
      let v3 = spread(b0); s3 += taps(g, v3);
//#if TWO
      t3 += taps(f, v3);
//#end
      let v4 = spread(b1); s4 += taps(g, v4);
//#if TWO
      t4 += taps(f, v4);
//#end
      let v5 = spread(b2); s5 += taps(g, v5);
//#if TWO
      t5 += taps(f, v5);
//#end
      let v6 = spread(c0); s6 += taps(g, v6);
//#if TWO
      t6 += taps(f, v6);
//#end
      let v7 = spread(c1); s7 += taps(g, v7);
//#if TWO
      t7 += taps(f, v7);
//#end
      let v8 = spread(c2); s8 += taps(g, v8);
//#if TWO
      t8 += taps(f, v8);
//#end
      a0 = a1; a1 = a2; b0 = b1; b1 = b2; c0 = c1; c1 = c2;
      row += p.w; row_next += p.w;
    }
  }
  store(group.y, octet, lane, c, s0, s1, s2, s3, s4, s5, s6, s7, s8);
//#if TWO
  store(group.y, octet + 1u, lane, c, t0, t1, t2, t3, t4, t5, t6, t7, t8);
//#end
}

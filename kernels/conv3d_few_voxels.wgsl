// The convolution of conv3d.wgsl for volumes of few voxels, as an implicit matrix product on subgroups of eight lanes:
//   y[voxel, co] = bias[co] + sum over k = (ci, tap) of input[voxel, k] weight[k, co],  then LeakyReLU with LEAKY = 1
// A lane has two output channels, one of each octet of a pair, and sixteen voxels, which run through all samples. Eight
// voxels of the input are loaded at once, one by each lane, and passed on to all. Weights are packed by conv3d_pack,
// BLOCK = 8.
// operations: 54 * n * ci * co * d * h * w
// grid: [n * d * h * w / 16, pairs of octets]
enable subgroups;
diagnostic(off, subgroup_uniformity); // a workgroup is one subgroup, or lies within one, and its lanes go the same way
const HAS_BIAS: u32 = 1u;
const LEAKY: u32 = 0u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [(co + 7) / 8 * ci * 216]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * co * d * h * w]

/// a voxel of the output: where its channel 0 lies in x, and a bit for each tap that falls into the volume
struct Voxel { start: u32, taps: u32 }

fn locate(index: u32) -> Voxel {
  let voxels = p.d * p.h * p.w;
  if (index >= p.n * voxels) { return Voxel(); }
  let place = index % voxels;
  let z = place / (p.h * p.w);
  let row = place / p.w % p.h;
  let column = place % p.w;
  var taps = 0u;
  for (var tap = 0u; tap < 27u; tap++) {
    // below zero wraps around to beyond the volume
    let inside = (z + tap / 9u - 1u < p.d) & (row + tap / 3u % 3u - 1u < p.h) & (column + tap % 3u - 1u < p.w);
    taps |= select(0u, 1u, inside) << tap;
  }
  return Voxel(index / voxels * p.ci * voxels + place, taps);
}

fn value(voxel: Voxel, channel_start: u32, delta: u32, tap: u32) -> f32 {
  let inside = (voxel.taps >> tap) & 1u;
  return select(0.0, x[channel_start + voxel.start + delta * inside], inside == 1u);
}

fn store(index: u32, channel: u32, sum: f32) {
  let voxels = p.d * p.h * p.w;
  if (index >= p.n * voxels || channel >= p.co) { return; }
  var v = sum;
  if (HAS_BIAS == 1u) { v += bias[channel]; }
  if (LEAKY == 1u) { v = select(p.slope * v, v, v > 0.0); }
  y[(index / voxels * p.co + channel) * voxels + index % voxels] = v;
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let first = group.x * 16u;
  let left = locate(first + lane);
  let right = locate(first + 8u + lane);
  let voxels = p.d * p.h * p.w;
  let octets = (p.co + 7u) / 8u;
  let octet = group.y * 2u;
  let next = min(octet + 1u, octets - 1u);
  var a0 = 0.0; var b0 = 0.0; var a1 = 0.0; var b1 = 0.0; var a2 = 0.0; var b2 = 0.0; var a3 = 0.0; var b3 = 0.0;
  var a4 = 0.0; var b4 = 0.0; var a5 = 0.0; var b5 = 0.0; var a6 = 0.0; var b6 = 0.0; var a7 = 0.0; var b7 = 0.0;
  var a8 = 0.0; var b8 = 0.0; var a9 = 0.0; var b9 = 0.0; var a10 = 0.0; var b10 = 0.0; var a11 = 0.0; var b11 = 0.0;
  var a12 = 0.0; var b12 = 0.0; var a13 = 0.0; var b13 = 0.0; var a14 = 0.0; var b14 = 0.0; var a15 = 0.0; var b15 = 0.0;
  for (var c = 0u; c < p.ci; c++) {
    var at_a = (octet * p.ci + c) * 216u + lane;
    var at_b = (next * p.ci + c) * 216u + lane;
    for (var tap = 0u; tap < 27u; tap++) {
      let delta = ((tap / 9u - 1u) * p.h + tap / 3u % 3u - 1u) * p.w + tap % 3u - 1u; // wraps around, as the sum does
      let wa = weight[at_a];
      let wb = weight[at_b];
      at_a += 8u;
      at_b += 8u;
      let l = value(left, c * voxels, delta, tap);
      let r = value(right, c * voxels, delta, tap);
      let v0 = subgroupBroadcast(l, 0u); a0 += wa * v0; b0 += wb * v0;
      let v1 = subgroupBroadcast(l, 1u); a1 += wa * v1; b1 += wb * v1;
      let v2 = subgroupBroadcast(l, 2u); a2 += wa * v2; b2 += wb * v2;
      let v3 = subgroupBroadcast(l, 3u); a3 += wa * v3; b3 += wb * v3;
      let v4 = subgroupBroadcast(l, 4u); a4 += wa * v4; b4 += wb * v4;
      let v5 = subgroupBroadcast(l, 5u); a5 += wa * v5; b5 += wb * v5;
      let v6 = subgroupBroadcast(l, 6u); a6 += wa * v6; b6 += wb * v6;
      let v7 = subgroupBroadcast(l, 7u); a7 += wa * v7; b7 += wb * v7;
      let v8 = subgroupBroadcast(r, 0u); a8 += wa * v8; b8 += wb * v8;
      let v9 = subgroupBroadcast(r, 1u); a9 += wa * v9; b9 += wb * v9;
      let v10 = subgroupBroadcast(r, 2u); a10 += wa * v10; b10 += wb * v10;
      let v11 = subgroupBroadcast(r, 3u); a11 += wa * v11; b11 += wb * v11;
      let v12 = subgroupBroadcast(r, 4u); a12 += wa * v12; b12 += wb * v12;
      let v13 = subgroupBroadcast(r, 5u); a13 += wa * v13; b13 += wb * v13;
      let v14 = subgroupBroadcast(r, 6u); a14 += wa * v14; b14 += wb * v14;
      let v15 = subgroupBroadcast(r, 7u); a15 += wa * v15; b15 += wb * v15;
    }
  }
  store(first + 0u, octet * 8u + lane, a0);
  store(first + 1u, octet * 8u + lane, a1);
  store(first + 2u, octet * 8u + lane, a2);
  store(first + 3u, octet * 8u + lane, a3);
  store(first + 4u, octet * 8u + lane, a4);
  store(first + 5u, octet * 8u + lane, a5);
  store(first + 6u, octet * 8u + lane, a6);
  store(first + 7u, octet * 8u + lane, a7);
  store(first + 8u, octet * 8u + lane, a8);
  store(first + 9u, octet * 8u + lane, a9);
  store(first + 10u, octet * 8u + lane, a10);
  store(first + 11u, octet * 8u + lane, a11);
  store(first + 12u, octet * 8u + lane, a12);
  store(first + 13u, octet * 8u + lane, a13);
  store(first + 14u, octet * 8u + lane, a14);
  store(first + 15u, octet * 8u + lane, a15);
  if (octet + 1u >= octets) { return; }
  store(first + 0u, octet * 8u + 8u + lane, b0);
  store(first + 1u, octet * 8u + 8u + lane, b1);
  store(first + 2u, octet * 8u + 8u + lane, b2);
  store(first + 3u, octet * 8u + 8u + lane, b3);
  store(first + 4u, octet * 8u + 8u + lane, b4);
  store(first + 5u, octet * 8u + 8u + lane, b5);
  store(first + 6u, octet * 8u + 8u + lane, b6);
  store(first + 7u, octet * 8u + 8u + lane, b7);
  store(first + 8u, octet * 8u + 8u + lane, b8);
  store(first + 9u, octet * 8u + 8u + lane, b9);
  store(first + 10u, octet * 8u + 8u + lane, b10);
  store(first + 11u, octet * 8u + 8u + lane, b11);
  store(first + 12u, octet * 8u + 8u + lane, b12);
  store(first + 13u, octet * 8u + 8u + lane, b13);
  store(first + 14u, octet * 8u + 8u + lane, b14);
  store(first + 15u, octet * 8u + 8u + lane, b15);
}

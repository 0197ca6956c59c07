// A pooling window in half precision: its eight values, at positions 4 kz + 2 ky + kx as max_pool3d counts them, two to a
// word. A place beyond the volume holds OUTSIDE. A value that half precision does not hold becomes NaN, which ends a training.
const OUTSIDE: f32 = 65504.0;
const LARGEST: f32 = 65472.0; // the next below

// two neighbours of a window in each of four channels
fn half_words(left: vec4f, right: vec4f, left_inside: bool, right_inside: bool) -> vec4<u32> {
  let a = select(vec4f(OUTSIDE), left, left_inside);
  let b = select(vec4f(OUTSIDE), right, right_inside);
  let words = vec4<u32>(pack2x16float(vec2f(a.x, b.x)), pack2x16float(vec2f(a.y, b.y)), pack2x16float(vec2f(a.z, b.z)), pack2x16float(vec2f(a.w, b.w)));
  let a_fits = (abs(left) <= vec4f(LARGEST)) | vec4<bool>(!left_inside); // false of NaN
  let b_fits = (abs(right) <= vec4f(LARGEST)) | vec4<bool>(!right_inside);
  return words | select(vec4<u32>(0x7e00u), vec4<u32>(), a_fits) | select(vec4<u32>(0x7e000000u), vec4<u32>(), b_fits);
}

// the values at even positions, a row's left ones
fn half_low(words: vec4<u32>) -> vec4f {
  return vec4f(unpack2x16float(words.x).x, unpack2x16float(words.y).x, unpack2x16float(words.z).x, unpack2x16float(words.w).x);
}

// the values at odd positions
fn half_high(words: vec4<u32>) -> vec4f {
  return vec4f(unpack2x16float(words.x).y, unpack2x16float(words.y).y, unpack2x16float(words.z).y, unpack2x16float(words.w).y);
}

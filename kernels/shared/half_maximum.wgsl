// A window in half precision, normalised by (x - center) factor + shift: its first largest value, a zero where it reaches
// beyond the volume; that one's top is 3e38.
fn half_maximum(words: vec4<u32>, center: f32, factor: f32, shift: f32) -> Window {
  var window = Window();
  for (var k = 0u; k < 4u; k++) {
    let x = unpack2x16float(words[k]);
    let known = !(x >= vec2f(OUTSIDE)); // NaN goes on
    let t = select(vec2f(3e38), x, known);
    let v = select(vec2f(), (t - center) * factor + shift, known);
    window = take(take(window, v.x, t.x, 2u * k), v.y, t.y, 2u * k + 1u);
  }
  return window;
}

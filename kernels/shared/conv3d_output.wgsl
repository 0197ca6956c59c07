// How a convolution's sums of a pooling window, four channels at a time, end: LeakyReLU, bounds, the window's maximum, half
// precision. For kernels with LEAKY and HALF, a Params p with co, d, h, w and slope, and y.

fn leaky(v: vec4f) -> vec4f {
  return select(v, select(p.slope * v, v, v > vec4f()), LEAKY == 1u);
}

//#if HALF
// writes four channels of a window of half_window's kind, which is the `window`th of its channel's
fn store_half_window(channel: u32, sample: u32, window: u32, z: u32, row: u32, column: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f, v5: vec4f, v6: vec4f, v7: vec4f) {
  let left = column < p.w;
  let right = column + 1u < p.w;
  let near = z < p.d;
  let far = z + 1u < p.d;
  let top = row < p.h;
  let low = row + 1u < p.h;
  let a = half_words(v0, v1, near & top & left, near & top & right);
  let b = half_words(v2, v3, near & low & left, near & low & right);
  let c = half_words(v4, v5, far & top & left, far & top & right);
  let d = half_words(v6, v7, far & low & left, far & low & right);
  let step = ((p.d + 1u) / 2u) * ((p.h + 1u) / 2u) * ((p.w + 1u) / 2u);
  let start = (sample * p.co + channel) * step + window;
  if (channel < p.co) { y[start] = vec4<u32>(a.x, b.x, c.x, d.x); }
  if (channel + 1u < p.co) { y[start + step] = vec4<u32>(a.y, b.y, c.y, d.y); }
  if (channel + 2u < p.co) { y[start + 2u * step] = vec4<u32>(a.z, b.z, c.z, d.z); }
  if (channel + 3u < p.co) { y[start + 3u * step] = vec4<u32>(a.w, b.w, c.w, d.w); }
}
//#else
// writes four channels of a voxel
fn store(channel: u32, step: u32, start: u32, v: vec4f) {
  if (channel < p.co) { y[start] = v.x; }
  if (channel + 1u < p.co) { y[start + step] = v.y; }
  if (channel + 2u < p.co) { y[start + 2u * step] = v.z; }
  if (channel + 3u < p.co) { y[start + 3u * step] = v.w; }
}

fn store_voxel(channel: u32, sample: u32, z: u32, row: u32, column: u32, v: vec4f) {
  if (z >= p.d || row >= p.h || column >= p.w) { return; }
  let step = p.d * p.h * p.w;
  store(channel, step, (sample * p.co + channel) * step + (z * p.h + row) * p.w + column, leaky(v));
}
//#end

/// the largest values of a window so far, in four channels, and where they are
struct Window { best: vec4f, at: vec4<u32> }

fn take(window: Window, value: vec4f, inside: bool, position: u32) -> Window {
  let v = select(vec4f(), value, inside);
  let better = v > window.best;
  return Window(select(window.best, v, better), select(window.at, vec4<u32>(position), better));
}

fn pooled(z: u32, row: u32, column: u32, v0: vec4f, v1: vec4f, v2: vec4f, v3: vec4f, v4: vec4f, v5: vec4f, v6: vec4f, v7: vec4f) -> Window {
  let left = column < p.w;
  let right = column + 1u < p.w;
  let top = (z < p.d) & (row < p.h);
  let low = (z < p.d) & (row + 1u < p.h);
  let top_next = (z + 1u < p.d) & (row < p.h);
  let low_next = (z + 1u < p.d) & (row + 1u < p.h);
  var window = Window(select(vec4f(), v0, top & left), vec4<u32>());
  window = take(window, v1, top & right, 1u);
  window = take(window, v2, low & left, 2u);
  window = take(window, v3, low & right, 3u);
  window = take(window, v4, top_next & left, 4u);
  window = take(window, v5, top_next & right, 5u);
  window = take(window, v6, low_next & left, 6u);
  window = take(window, v7, low_next & right, 7u);
  window.at |= select(vec4<u32>(), vec4<u32>(8u), window.best > vec4f());
  return window;
}

/// the largest value of a window so far, the x it comes from, and its position
struct Window { best: f32, top: f32, at: u32 }

fn take(window: Window, value: f32, top: f32, position: u32) -> Window {
  let better = (value > window.best) | (position == 0u);
  return Window(select(window.best, value, better), select(window.top, top, better), select(window.at, position, better));
}

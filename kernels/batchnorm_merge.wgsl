// Merges the chunks of batchnorm_moments into each channel's mean and 1 / sqrt(biased variance + eps), and moves the
// running statistics: running = (1 - momentum) running + momentum new, with the unbiased variance (as PyTorch does).
// grid: channels / 64 workgroups
struct Params { channels: u32, chunks: u32, eps: f32, momentum: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> moments: array<f32>; // [channels * chunks * 3]
@group(0) @binding(2) var<storage, read_write> mean: array<f32>; // [channels]
@group(0) @binding(3) var<storage, read_write> inverse_std: array<f32>; // [channels]
@group(0) @binding(4) var<storage, read_write> running_mean: array<f32>; // [channels] in place
@group(0) @binding(5) var<storage, read_write> running_var: array<f32>; // [channels] in place

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  if (channel >= p.channels) { return; }
  var count = 0.0;
  var average = 0.0;
  var second = 0.0;
  for (var chunk = 0u; chunk < p.chunks; chunk++) {
    let at = (channel * p.chunks + chunk) * 3u;
    let other = moments[at];
    if (other == 0.0) { continue; }
    let total = count + other;
    let difference = moments[at + 1u] - average;
    average += difference * other / total;
    second += moments[at + 2u] + difference * difference * count * other / total;
    count = total;
  }
  mean[channel] = average;
  inverse_std[channel] = 1.0 / sqrt(second / count + p.eps);
  running_mean[channel] = (1.0 - p.momentum) * running_mean[channel] + p.momentum * average;
  running_var[channel] = (1.0 - p.momentum) * running_var[channel] + p.momentum * second / (count - 1.0);
}

// Philox4x32-10 (Salmon et al. 2011): four random words of a counter and a seed, as engine/random.ts draws them.

// (high, low) words of a 32 x 32 bit product
fn multiply(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return vec2<u32>((a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u), a * b);
}

fn philox(counter: vec4<u32>, seed: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var key = seed;
  for (var round = 0u; round < 10u; round++) {
    let even = multiply(0xD2511F53u, c.x);
    let odd = multiply(0xCD9E8D57u, c.z);
    c = vec4<u32>(odd.x ^ c.y ^ key.x, odd.y, even.x ^ c.w ^ key.y, even.y);
    key += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}

const MULTIPLIERS = [0xd2511f53n, 0xcd9e8d57n];
const WEYL = [0x9e3779b9n, 0xbb67ae85n];
const WORD = 0xffffffffn;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011): four random 32-bit words from a counter and a key.
 * @param counter four unsigned 32-bit words
 * @param key two unsigned 32-bit words
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter.map(BigInt);
  let [k0, k1] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const product0 = MULTIPLIERS[0] * c0;
    const product1 = MULTIPLIERS[1] * c2;
    [c0, c1, c2, c3] = [
      (product1 >> 32n) ^ c1 ^ k0,
      product1 & WORD,
      (product0 >> 32n) ^ c3 ^ k1,
      product0 & WORD,
    ];
    k0 = (k0 + WEYL[0]) & WORD;
    k1 = (k1 + WEYL[1]) & WORD;
  }
  return [Number(c0), Number(c1), Number(c2), Number(c3)];
}

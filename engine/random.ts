/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four 32-bit words for each
 * counter and key. Counter-based, so that a stream is resumed by its position alone and the GPU draws the same words
 * (kernels/dropout.wgsl).
 */
export function philox(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const first = (upperProduct(0xcd9e8d57, c2) ^ c1 ^ k0) >>> 0;
    const third = (upperProduct(0xd2511f53, c0) ^ c3 ^ k1) >>> 0;
    c1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c3 = Math.imul(0xd2511f53, c0) >>> 0;
    c0 = first;
    c2 = third;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The upper word of a product of two words, by halves of 16 bits. */
function upperProduct(a: number, b: number): number {
  const lower = (a >>> 16) * (b & 0xffff) + (((a & 0xffff) * (b & 0xffff)) >>> 16);
  const upper = (a & 0xffff) * (b >>> 16) + (lower & 0xffff);
  return ((a >>> 16) * (b >>> 16) + (lower >>> 16) + (upper >>> 16)) >>> 0;
}

/** The two 32-bit words of a seed, a whole number from 0 to 2^53 - 1. */
export function seedWords(seed: number): [low: number, high: number] {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`A seed is a whole number from 0; ${seed} is not.`);
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** What a stream of random numbers is for; streams of one seed are independent of each other. */
export const streams = {
  weights: 1,
  shuffle: 2,
  mask: 3,
  bootstrap: 4,
  search: 5,
  noise: 10,
  deletion: 11,
  labels: 12,
  feedback: 13,
  shift: 14,
  chance: 15,
} as const;

/** Random numbers of one seed and stream (and sub-stream), each by its position. */
export class RandomStream {
  private readonly key: [number, number];
  private readonly stream: number;
  private readonly part: number;
  private block = 0;
  private words: number[] = [];

  /**
   * @param seed   a whole number from 0
   * @param stream one of `streams`
   * @param part   sub-stream: a layer, an epoch
   */
  constructor(seed: number, stream: number, part = 0) {
    this.key = seedWords(seed);
    this.stream = stream;
    this.part = part;
  }

  /** A 32-bit word. */
  next(): number {
    if (this.words.length === 0)
      this.words = philox([this.block++, 0, this.part, this.stream], this.key).reverse();
    return this.words.pop()!;
  }

  /** A number in [low, high), of 24 random bits. */
  uniform(low: number, high: number): number {
    return low + ((high - low) * (this.next() >>> 8)) / 2 ** 24;
  }

  /** A whole number in [0, bound), each equally likely. */
  below(bound: number): number {
    const limit = Math.floor(2 ** 32 / bound) * bound;
    let word = this.next();
    while (word >= limit) word = this.next();
    return word % bound;
  }

  /** The numbers 0 to n - 1 in random order (Fisher-Yates). */
  permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

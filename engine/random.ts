/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four 32-bit words for each
 * counter and key. Counter-based, so that a stream is resumed by its position alone and the GPU draws the same words
 * (kernels/dropout.wgsl).
 */
export function philox(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [evenHigh, evenLow] = multiply(0xd2511f53, c0);
    const [oddHigh, oddLow] = multiply(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [(oddHigh ^ c1 ^ k0) >>> 0, oddLow, (evenHigh ^ c3 ^ k1) >>> 0, evenLow];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

function multiply(a: number, b: number): [high: number, low: number] {
  const product = BigInt(a) * BigInt(b);
  return [Number(product >> 32n), Number(product & 0xffffffffn)];
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

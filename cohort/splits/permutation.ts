import { mersenne } from 'pure-rand/generator/mersenne';

/** Draws whole numbers from 0 to `most`, each equally likely. */
export type Draw = (most: number) => number;

/**
 * Whole numbers as numpy's legacy generator draws them: MT19937 seeded by a 32-bit word, each draw a word masked to the
 * fewest bits that hold `most`, and drawn again while above it. The same on every platform.
 */
export function drawsOf(seed: number): Draw {
  const generator = mersenne(seed);
  return (most) => {
    if (most === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(most);
    let drawn: number;
    do drawn = (generator.next() & mask) >>> 0;
    while (drawn > most);
    return drawn;
  };
}

/** A copy in random order: Fisher-Yates from the end (with `drawsOf`, numpy's legacy `RandomState.permutation`). */
export function shuffled<T>(items: readonly T[], draw: Draw): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = draw(last);
    [order[last], order[chosen]] = [order[chosen], order[last]];
  }
  return order;
}

/** A shuffle of 0 ... count - 1. */
export function permutation(count: number, seed: number): number[] {
  return shuffled(
    Array.from({ length: count }, (_, i) => i),
    drawsOf(seed),
  );
}

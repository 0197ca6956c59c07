/** Somebody who can be matched. */
export interface Person {
  /** years */
  readonly age: number;
  readonly sex: string;
}

/**
 * For each of `ones`, who of `others` may be its match: of the same sex, and no more than `tolerance` years older or
 * younger.
 */
export function possibleMatches(
  ones: readonly Person[],
  others: readonly Person[],
  tolerance: number,
): number[][] {
  return ones.map((one) =>
    others.flatMap((other, j) =>
      other.sex === one.sex && Math.abs(other.age - one.age) <= tolerance ? [j] : [],
    ),
  );
}

/**
 * Pairs, each of `ones` and `others` in one at most: as many as there can be, or `most`. Those who come early in `order`
 * and in their lists are preferred, so that shuffling both draws pairs at random (Kuhn's algorithm: an augmenting path for
 * each one in turn).
 *
 * @param possible for each one, its possible matches
 * @param order the ones in the order of their turn
 * @returns [one, other]
 */
export function matchPairs(
  possible: readonly (readonly number[])[],
  order: readonly number[],
  most = Number.POSITIVE_INFINITY,
): [number, number][] {
  const oneOf = new Map<number, number>();
  const place = (one: number, seen: Set<number>): boolean => {
    for (const other of possible[one]) {
      if (seen.has(other)) continue;
      seen.add(other);
      const holder = oneOf.get(other);
      if (holder === undefined || place(holder, seen)) {
        oneOf.set(other, one);
        return true;
      }
    }
    return false;
  };
  let pairs = 0;
  for (const one of order) {
    if (pairs >= most) break;
    if (place(one, new Set())) pairs++;
  }
  return [...oneOf].map(([other, one]) => [one, other]);
}

/** R of equation 2: over elements, or over one axis's differences. */
export type Reduction = 'mean' | 'sum';

/** What each of `count` terms is multiplied by; no terms have no mean, and contribute nothing. */
export function factorOf(reduction: Reduction, count: number): number {
  return reduction === 'sum' || count === 0 ? 1 : 1 / count;
}

/** Derivative of |t|^beta, taken as 0 at t = 0 for every beta (docs/method.md): beta < 1 would give an infinite one. */
export function powerSlope(t: number, beta: number): number {
  return t === 0 ? 0 : beta * Math.abs(t) ** (beta - 1) * Math.sign(t);
}

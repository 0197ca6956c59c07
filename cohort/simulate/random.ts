import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers of its own, so that adding a participant or a factor leaves the others alone. */
export interface Stream {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Nearly standard normal: twelve uniforms minus six, which is exact on every platform and never beyond ±6. */
  normal(): number;
}

/** The stream that belongs to a seed and a path of whole numbers below it (class, participant, purpose). */
export function stream(seed: number, ...path: number[]): Stream {
  let mixed = seed | 0;
  for (const step of path) mixed = scramble((mixed ^ Math.imul(step + 1, 0x9e3779b1)) | 0);
  const generator = xoroshiro128plus(scramble(mixed));
  const uniform = () => uniformFloat64(generator);
  const normal = () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
  return { uniform, normal };
}

function scramble(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return bits ^ (bits >>> 16);
}

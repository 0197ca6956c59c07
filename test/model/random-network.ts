import fc from 'fast-check';
import type { Architecture } from '../../model/architecture.ts';
import { type Weights, weightShapes } from '../../model/weights.ts';
import { randomArray } from '../engine/compare.ts';
import { type NdArray, ndArray } from '../reference/ndarray.ts';

/** Small networks of either reduction, odd sizes, channels that are no multiple of 4. */
export const smallNetworks = fc.record({
  n: fc.integer({ min: 2, max: 3 }),
  seed: fc.nat({ max: 1e6 }),
  /** bytes a volume may have: from no limit to less than one channel of one sample */
  largest: fc.constantFrom(Number.POSITIVE_INFINITY, 20_000, 5_000, 1_200),
  architecture: fc
    .record({
      inputShape: fc.tuple(...([4, 3, 5] as const).map((min) => fc.integer({ min, max: min + 4 }))),
      blocks: fc.array(
        fc.record({ channels: fc.integer({ min: 1, max: 9 }), subBlocks: fc.integer({ min: 1, max: 2 }) }),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
      reduction: fc.constantFrom('maxpool' as const, 'stride' as const),
      fcLayers: fc.integer({ min: 1, max: 2 }),
    })
    .map(
      ({ inputShape, blocks, reduction, fcLayers }): Architecture => ({
        inputShape: inputShape as [number, number, number],
        channels: blocks.map((block) => block.channels),
        subBlocks: blocks.map((block) => block.subBlocks),
        reduction,
        fcLayers,
        dropout: 0,
        classes: ['CN', 'AD'],
      }),
    ),
});

/** Weights of a plausible size for every array, running variances positive. */
export function randomWeights(architecture: Architecture, seed: number): Weights {
  const weights: Weights = new Map();
  let part = seed;
  for (const [name, shape] of weightShapes(architecture)) {
    const tracked = name.endsWith('num_batches_tracked');
    const positive = name.endsWith('running_var') || /\.[147]\.weight$/.test(name);
    const array = randomArray(shape, part++, positive ? 0.5 : 0.4, positive ? 1 : 0);
    weights.set(name, {
      shape,
      data: tracked ? Float32Array.of(0) : Float32Array.from(array.data),
      type: tracked ? 'I64' : 'F32',
    });
  }
  return weights;
}

/** Looks up weights as the references take them. */
export function lookUp(weights: Weights): (name: string) => NdArray {
  return (name) => ndArray(weights.get(name)!.shape, weights.get(name)!.data);
}

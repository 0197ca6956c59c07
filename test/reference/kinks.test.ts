import { describe, expect, it } from 'vitest';
import { batchNormTrain, runningUpdate } from './batchnorm.ts';
import { leakyReluGrad } from './leaky-relu.ts';
import { maskSize, maskSizeGrad } from './mask-size.ts';
import { maxPool3d, maxPool3dGrad } from './max-pool3d.ts';
import { map, ndArray, zeros } from './ndarray.ts';
import { totalVariation, totalVariationGrad } from './total-variation.ts';

/** A volume of one sample and one channel. */
const volume = (shape: readonly number[], values: number[]) => ndArray([1, 1, ...shape], values);

describe('where finite differences cannot tell', () => {
  it('batch normalisation in training refuses a single value per channel', () => {
    const one = ndArray([1], [1]);
    expect(() => batchNormTrain(volume([1, 1, 1], [5]), one, one, 1e-5)).toThrow('more than one value');
    const statistics = { mean: one, variance: one };
    expect(() => runningUpdate(statistics, statistics, 1)).toThrow('undefined');
  });

  it('leaky ReLU takes the slope at 0', () => {
    expect([...leakyReluGrad(ndArray([2], [0, -0]), 0.01, ndArray([2], [1, 1])).data]).toEqual([0.01, 0.01]);
  });

  it('pooling gives a tie to the first in scan order', () => {
    const x = volume([2, 2, 2], [1, 2, 2, 0, 2, 2, 2, 2]);
    expect([...maxPool3dGrad(x, volume([1, 1, 1], [3])).data]).toEqual([0, 3, 0, 0, 0, 0, 0, 0]);
  });

  it("pooling pads the low end, and the padding's zero wins over negative values and over a later 0", () => {
    const x = volume([1, 1, 3], [0, -1, -2]);
    expect([...maxPool3d(x).data]).toEqual([0, 0]);
    expect([...maxPool3dGrad(x, volume([1, 1, 2], [3, 4])).data]).toEqual([0, 0, 0]);
    const positive = volume([1, 1, 3], [1, 2, 3]);
    expect([...maxPool3d(positive).data]).toEqual([1, 3]);
    expect([...maxPool3dGrad(positive, volume([1, 1, 2], [3, 4])).data]).toEqual([3, 0, 4]);
  });

  it('pooling takes 121 x 145 x 121 to 1 x 2 x 1 in seven blocks', () => {
    let sizes = [121, 145, 121];
    for (let block = 0; block < 7; block++) sizes = sizes.map((n) => Math.ceil(n / 2));
    expect(sizes).toEqual([1, 2, 1]);
    expect(maxPool3d(zeros([1, 1, 5, 4, 1])).shape).toEqual([1, 1, 3, 2, 1]);
  });

  it('the mask terms and their gradients are 0, not NaN, where the mask is 1 throughout', () => {
    const m = map(zeros([2, 3, 2]), () => 1);
    const none = Array(12).fill(0);
    for (const beta of [0.1, 0.5, 1, 2]) {
      expect(maskSize(m, beta, 'mean')).toBe(0);
      expect([...maskSizeGrad(m, beta, 'mean').data]).toEqual(none);
      expect(totalVariation(m, beta, 'mean')).toBe(0);
      expect([...totalVariationGrad(m, beta, 'mean').data]).toEqual(none);
    }
  });

  it('total variation averages each axis over its own differences and skips an axis of size 1', () => {
    const m = ndArray([1, 2, 3], [0, 1, 1, 0.5, 1, 0]);
    // along h: 0.5, 0, 1 (three differences); along w: 1, 0, 0.5, 1 (four)
    expect(totalVariation(m, 1, 'mean')).toBeCloseTo(1.5 / 3 + 2.5 / 4, 12);
    expect(totalVariation(m, 1, 'sum')).toBeCloseTo(4, 12);
  });
});

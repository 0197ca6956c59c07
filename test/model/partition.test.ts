import fc from 'fast-check';
import { expect, it } from 'vitest';
import { defaultArchitecture, subBlocks } from '../../model/architecture.ts';
import { partition } from '../../model/partition.ts';
import { smallNetworks } from './random-network.ts';

const MiB = 2 ** 20;
const shape = [121, 145, 121] as const;
const architecture = { ...defaultArchitecture, inputShape: shape };

it('batch 8 at 121 x 145 x 121 trains within 128 MiB a tensor: the first layers in parts, the others whole', () => {
  const cuts = partition(subBlocks(architecture), shape, 8, 128 * MiB, 'float32');
  expect(cuts.slice(0, 3).map(({ samples }) => samples)).toEqual([1, 7, 8]);
  expect(cuts.slice(2).every(({ samples }) => samples === 8)).toBe(true);
  expect(cuts.every(({ groups }) => groups.length === 1)).toBe(true);
});

it('volumes that are computed again exist one at a time; gradients beside half precision are as small', () => {
  const layers = subBlocks(architecture);
  const samples = (pass: 'float16' | 'recomputed', bindable: number) =>
    partition(layers, shape, 8, bindable, pass)
      .slice(0, 3)
      .map((cut) => cut.samples);
  for (const bindable of [128 * MiB, 4096 * MiB]) expect(samples('float16', bindable)).toEqual([1, 3, 8]);
  expect(samples('recomputed', 128 * MiB)).toEqual([1, 7, 8]);
  expect(samples('recomputed', 4096 * MiB)).toEqual([1, 8, 8]);
});

it('in evaluation the first layer needs no volume before pooling: the second one cuts the batch', () => {
  const cuts = partition(subBlocks(architecture), shape, 8, 128 * MiB, 'evaluation');
  expect(cuts.slice(0, 3).map(({ samples }) => samples)).toEqual([7, 7, 8]);
  expect(cuts.every(({ groups }) => groups.length === 1)).toBe(true);
});

it('a first layer of 16 or 32 channels is trained in groups of octets', () => {
  for (const [first, groups] of [
    [16, [8, 8]],
    [32, [8, 8, 8, 8]],
  ] as const) {
    const wide = subBlocks({ ...architecture, channels: [first, ...architecture.channels.slice(1)] });
    expect(partition(wide, shape, 8, 128 * MiB, 'float32')[0]).toEqual({ samples: 1, groups });
  }
});

it('parts never shrink from layer to layer, and groups make up all channels', () => {
  fc.assert(
    fc.property(smallNetworks, fc.integer({ min: 1, max: 9 }), ({ architecture, largest }, batch) => {
      const layers = subBlocks(architecture);
      const cuts = partition(layers, architecture.inputShape, batch, largest, 'float32');
      const samples = cuts.map((cut) => cut.samples);
      expect(samples).toEqual([...samples].sort((a, b) => a - b));
      expect(Math.min(...samples)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...samples)).toBeLessThanOrEqual(batch);
      cuts.forEach(({ groups, samples }, i) => {
        expect(groups.reduce((sum, channels) => sum + channels)).toBe(layers[i].outputs);
        if (groups.length > 1) expect(samples).toBe(1);
      });
    }),
  );
});

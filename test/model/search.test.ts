import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RandomStream, streams } from '../../engine/random.ts';
import { checkArchitecture } from '../../model/architecture.ts';
import { type Room, whyNot } from '../../model/fits.ts';
import { drawSample, rankSamples } from '../../model/search.ts';
import {
  checkSubBlocks,
  drawSettings,
  isDraw,
  paperSpace,
  type SearchSpace,
} from '../../model/search-space.ts';
import { overlay, type Settings, settingsDefaults, settingsOf } from '../../model/settings.ts';

const paper = [121, 145, 121] as const;
const GiB = 2 ** 30;
const tuning = { weightLanes: 8, productVoxels: 32, tiles: 0, parallelGroups: 512 };
const ample: Room = { largest: GiB, memory: 64 * GiB, tuning, activations: 'float32' };
const none = () => null;
const architecture = (settings: Settings, inputShape: readonly [number, number, number] = paper) => ({
  inputShape,
  channels: settings.channels,
  subBlocks: settings['sub-blocks'],
  reduction: settings.reduction,
  fcLayers: settings['fc-layers'],
  dropout: settings.dropout,
  classes: settings.classes,
});

/** A range as likely as one of choices, about values of a kind. */
const ends = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .filter(([a, b]) => a !== b)
    .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
const wholes = (min: number, max: number) =>
  fc.oneof(
    fc.integer({ min, max }),
    fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((choices) => ({ choices })),
    ends(min, max).map((whole) => ({ whole })),
  );
const reals = (scale: number) =>
  fc.oneof(
    fc.constant(scale),
    ends(1, 99).map(([a, b]) => ({ uniform: [scale * a, scale * b] as [number, number] })),
    ends(1, 99).map(([a, b]) => ({ 'log-uniform': [scale * a, scale * b] as [number, number] })),
  );
const spaces = fc.record(
  {
    blocks: wholes(1, 7),
    'first-channels': wholes(1, 40),
    'channel-growth': wholes(1, 3),
    'most-channels': wholes(1, 100),
    'sub-blocks': wholes(1, 3),
    reduction: fc.constantFrom('stride' as const, { choices: ['maxpool' as const, 'stride' as const] }),
    'fc-layers': wholes(1, 3),
    dropout: reals(0.01),
    'learning-rate': reals(1e-5),
    'weight-decay': reals(1e-6),
    'batch-size': wholes(1, 16),
    smoothing: reals(0.1),
    intensity: fc.constantFrom('none' as const, { choices: ['z-score' as const, 'min-max' as const] }),
  },
  { requiredKeys: ['sub-blocks'] },
);

/** Whether a value is one that an entry of a space can give. */
function within(entry: unknown, value: number | string): boolean {
  if (entry === undefined) return true;
  if (!isDraw(entry)) return entry === value;
  if ('choices' in entry) return entry.choices.includes(value);
  const [low, high] = Object.values(entry)[0] as [number, number];
  return (
    typeof value === 'number' &&
    value >= low &&
    value <= high &&
    (!('whole' in entry) || Number.isInteger(value))
  );
}

it('every sample lies in its space, and is a network that can be', () => {
  fc.assert(
    fc.property(spaces, fc.nat(), fc.nat({ max: 999 }), (space, seed, sample) => {
      const { settings } = drawSample(space, seed, sample, none);
      checkArchitecture(architecture(settings), 'sample');
      const scalars = [
        'reduction',
        'fc-layers',
        'dropout',
        'learning-rate',
        'weight-decay',
        'batch-size',
      ] as const;
      for (const key of [...scalars, 'smoothing', 'intensity'] as const)
        expect(within(space[key], settings[key]), `${key} ${settings[key]}`).toBe(true);
      for (const count of settings['sub-blocks']) expect(within(space['sub-blocks'], count)).toBe(true);
      expect(within(space.blocks, settings.channels.length)).toBe(true);
      if (space['most-channels'] === undefined)
        expect(within(space['first-channels'], settings.channels[0])).toBe(true);
      expect(settings).toEqual(settingsOf(settings)); // what best.yaml holds gives the same again
    }),
    { seed: 5, numRuns: 300 },
  );
});

it('a sample follows from seed and number alone, in whatever order samples are drawn', () => {
  const draw = (seed: number, i: number) => JSON.stringify(drawSample(paperSpace, seed, i, none).settings);
  const forward = Array.from({ length: 20 }, (_, i) => draw(3, i));
  const backward = Array.from({ length: 20 }, (_, i) => draw(3, 19 - i)).reverse();
  expect(backward).toEqual(forward);
  expect(new Set(forward).size).toBe(20);
  expect(draw(4, 0)).not.toBe(forward[0]);
});

it('draws every choice, both ends of whole numbers, and rates evenly over their powers of ten', () => {
  const drawn = Array.from({ length: 600 }, (_, i) => drawSample(paperSpace, 1, i, none).settings);
  expect(new Set(drawn.map(({ channels }) => channels.length))).toEqual(new Set([3, 4, 5, 6, 7]));
  expect(new Set(drawn.flatMap((one) => one['sub-blocks']))).toEqual(new Set([1, 2, 3]));
  expect(new Set(drawn.map(({ intensity }) => intensity)).size).toBe(3);
  expect(drawn.some((one) => new Set(one['sub-blocks']).size > 1)).toBe(true);
  const slow = drawn.filter((one) => one['learning-rate'] < 1e-4).length / drawn.length;
  expect(slow).toBeGreaterThan(0.4);
  expect(slow).toBeLessThan(0.6);
  const weak = drawn.filter(({ dropout }) => dropout < 0.4).length / drawn.length;
  expect(weak).toBeGreaterThan(0.4);
  expect(weak).toBeLessThan(0.6);
});

it('channels grow by the rule up to the most', () => {
  const { channels } = settingsOf({
    blocks: 5,
    'first-channels': 6,
    'channel-growth': 1.5,
    'most-channels': 20,
  });
  expect(channels).toEqual([6, 9, 14, 20, 20]);
  expect(settingsOf({ blocks: 7 }).channels).toEqual(settingsDefaults.channels);
});

it('what goes before replaces channels and their rule alike', () => {
  const file = { blocks: 3, 'first-channels': 4, dropout: 0.1 };
  expect(overlay<object>(file, { channels: [5] })).toEqual({ channels: [5], dropout: 0.1 });
  expect(overlay<object>({ channels: [5], dropout: 0.1 }, { blocks: 2 })).toEqual({
    blocks: 2,
    dropout: 0.1,
  });
});

it.each<[string, Partial<Settings>, readonly [number, number, number], number[], Room, RegExp | null]>([
  ['the default network', {}, paper, [8], ample, null],
  ['one image left over on a last volume of 1 x 2 x 1', {}, paper, [8, 1], ample, null],
  [
    'a block too many',
    { channels: Array(9).fill(4), 'sub-blocks': Array(9).fill(1) },
    paper,
    [8],
    ample,
    /block 9 of 9 would halve a volume of one voxel/,
  ],
  [
    'stride to one voxel, one image left over',
    { channels: [2, 2], 'sub-blocks': [1, 1], reduction: 'stride' },
    [4, 3, 4],
    [8, 1],
    ample,
    /block 2 of 2 would normalise one value per channel/,
  ],
  [
    'the same with two left over',
    { channels: [2, 2], 'sub-blocks': [1, 1], reduction: 'stride' },
    [4, 3, 4],
    [8, 2],
    ample,
    null,
  ],
  [
    'all of it',
    {},
    paper,
    [8],
    { ...ample, memory: GiB },
    /would take about 1\.\d GiB, and 1\.0 GiB may be taken/,
  ],
  [
    'a hidden layer',
    { channels: [8], 'sub-blocks': [1], 'fc-layers': 2 },
    paper,
    [2],
    ample,
    /tensor fc\.FC0\.0\.weight would take .* GiB at once, and the device binds 1\.0 GiB/,
  ],
  [
    'an image of a layer',
    { channels: [128, 8], 'sub-blocks': [1, 1] },
    paper,
    [2],
    { ...ample, largest: 2 ** 27 },
    /behind convolution 1 would take 132\.6 MiB at once, and the device binds 128\.0 MiB/,
  ],
])('%s: fits, or says why not', (_, changes, shape, batches, room, reason) => {
  const why = whyNot(architecture({ ...settingsDefaults, ...changes }, shape), batches, room);
  if (reason === null) expect(why).toBeNull();
  else expect(why).toMatch(reason);
});

it('draws another for one that is refused, and tells it', () => {
  const random = new RandomStream(2, streams.search, 7);
  const [first, second] = [drawSettings(paperSpace, random), drawSettings(paperSpace, random)];
  const { settings, rejected } = drawSample(paperSpace, 2, 7, (one) =>
    JSON.stringify(one) === JSON.stringify(first) ? 'too large' : null,
  );
  expect(rejected).toEqual([{ sample: 7, settings: first, reason: 'too large' }]);
  expect(settings).toEqual(second);
  expect(() => drawSample(paperSpace, 2, 7, () => 'too large')).toThrow(
    /none of 1000 networks .*: too large/,
  );
});

it.each<[SearchSpace, RegExp | null]>([
  [paperSpace, null],
  [{ dropout: 0.1 }, null],
  [{ blocks: 7 }, null],
  [{ blocks: { whole: [3, 7] } }, /are not named, and their default is for 7 blocks, but networks of 3/],
  [
    { channels: { choices: [[8, 8], [8]] }, 'sub-blocks': [1, 2] },
    /sub-blocks are for 2 blocks, but networks of 1/,
  ],
  [{ channels: [8, 8], 'sub-blocks': 2 }, null],
])('refuses sub-blocks for another number of blocks: %j', (space, reason) => {
  if (reason) expect(() => checkSubBlocks(space, 'space.yaml')).toThrow(reason);
  else checkSubBlocks(space, 'space.yaml');
});

it('ranks by balanced accuracy, then by loss, then by number; failures last', () => {
  const one = (sample: number, balancedAccuracy: number, loss: number) => ({
    sample,
    best: {
      epoch: 1,
      trainLoss: 0,
      seconds: 0,
      validation: { balancedAccuracy, loss, sensitivity: 1, specificity: 1 },
    },
  });
  const all = [
    { sample: 0, best: null },
    one(1, 0.8, 0.3),
    one(2, 0.9, 0.5),
    one(3, 0.9, 0.4),
    one(4, 0.9, 0.4),
  ];
  expect(rankSamples(all).map(({ sample }) => sample)).toEqual([3, 4, 2, 1, 0]);
});

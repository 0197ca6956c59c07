import { InputError } from '../cohort/error.ts';
import type { RandomStream } from '../engine/random.ts';
import {
  type ChannelRule,
  type Configuration,
  ruleDefaults,
  ruleKeys,
  type Settings,
  settingsOf,
} from './settings.ts';

/** How a value is drawn: one of several, or a number of a range; in a range of whole numbers both ends are drawn. */
export type Draw<T> =
  | { readonly choices: readonly T[] }
  | { readonly uniform: readonly [number, number] }
  | { readonly 'log-uniform': readonly [number, number] }
  | { readonly whole: readonly [number, number] };

/** What a search leaves as it is. */
export const fixedKeys = [
  'classes',
  'epochs',
  'patience',
  'seed',
  'activations',
] as const satisfies readonly (keyof Settings)[];
type Fixed = (typeof fixedKeys)[number];
type Drawn = Omit<Settings, Fixed | 'sub-blocks'> &
  ChannelRule & { readonly 'sub-blocks': number | readonly number[] };

/** A space of configurations: each value fixed, or drawn. What it does not name keeps the default of training. */
export type SearchSpace = Partial<Pick<Settings, Fixed>> & {
  readonly [K in keyof Drawn]?: Drawn[K] | Draw<Drawn[K]>;
};

/** The values in the order in which they are drawn; a new one goes to the end, so that samples stay what they are. */
const order = [
  ...ruleKeys,
  'channels',
  'sub-blocks',
  'reduction',
  'fc-layers',
  'dropout',
  'learning-rate',
  'weight-decay',
  'batch-size',
  'smoothing',
  'intensity',
  'sampling',
] as const satisfies readonly (keyof Drawn)[];

/**
 * What the paper's search explores (section 2.2.2). It gives no ranges; these are voxmask's. examples/search.yaml is the same
 * as a file.
 */
export const paperSpace: SearchSpace = {
  blocks: { whole: [3, 7] },
  'first-channels': { choices: [4, 8, 16, 32] },
  'channel-growth': 2,
  'most-channels': 512,
  'sub-blocks': { whole: [1, 3] },
  reduction: { choices: ['maxpool', 'stride'] },
  'fc-layers': { whole: [1, 3] },
  dropout: { uniform: [0, 0.8] },
  'learning-rate': { 'log-uniform': [1e-5, 1e-3] },
  'weight-decay': { 'log-uniform': [1e-6, 1e-2] },
  'batch-size': { choices: [2, 4, 8, 16] },
  smoothing: { choices: [0, 4, 8] },
  intensity: { choices: ['none', 'min-max', 'z-score'] },
};

/** Draws settings. Numbers of a range are rounded to four digits, so that a file holds them exactly. */
export function drawSettings(space: SearchSpace, random: RandomStream): Settings {
  const configuration: Record<string, unknown> = {};
  for (const key of fixedKeys) if (space[key] !== undefined) configuration[key] = space[key];
  for (const key of order) {
    const entry = space[key];
    if (entry === undefined) continue;
    if (key !== 'sub-blocks' || !isDraw(entry)) configuration[key] = drawn(entry, random);
    else {
      // of every block anew
      const { length } = settingsOf(configuration as Configuration).channels;
      configuration[key] = Array.from({ length }, () => drawn(entry, random));
    }
  }
  return settingsOf(configuration as Configuration);
}

/** Whether an entry of a space is drawn. */
export function isDraw(entry: unknown): entry is Draw<unknown> {
  return typeof entry === 'object' && entry !== null && !Array.isArray(entry);
}

function drawn(entry: unknown, random: RandomStream): unknown {
  if (!isDraw(entry)) return entry;
  if ('choices' in entry) return entry.choices[random.below(entry.choices.length)];
  if ('whole' in entry) return entry.whole[0] + random.below(entry.whole[1] - entry.whole[0] + 1);
  const logarithmic = 'log-uniform' in entry;
  const [low, high] = logarithmic ? entry['log-uniform'] : entry.uniform;
  const value = logarithmic
    ? Math.exp(random.uniform(Math.log(low), Math.log(high)))
    : random.uniform(low, high);
  return Math.min(high, Math.max(low, Number(value.toPrecision(4))));
}

/**
 * Refuses a list of sub-blocks, or its default, where networks of another number of blocks can be drawn.
 *
 * @throws InputError naming both numbers
 */
export function checkSubBlocks(space: SearchSpace, where: string): void {
  const counts = space['sub-blocks'] ?? settingsOf({})['sub-blocks'];
  if (isDraw(counts) || typeof counts === 'number') return;
  const other = blockCounts(space).find((blocks) => blocks !== counts.length);
  if (other === undefined) return;
  const which = space['sub-blocks'] ? 'sub-blocks are' : 'sub-blocks are not named, and their default is';
  throw new InputError(
    where,
    `${which} for ${counts.length} blocks, but networks of ${other} can be drawn`,
    'Give sub-blocks as a number for every block, or as they are drawn: { whole: [1, 3] }',
  );
}

function blockCounts({ channels, blocks = ruleDefaults.blocks }: SearchSpace): number[] {
  if (channels !== undefined) {
    const lists = isDraw(channels)
      ? (channels as { choices: readonly (readonly number[])[] }).choices
      : [channels];
    return lists.map(({ length }) => length);
  }
  if (!isDraw(blocks)) return [blocks];
  if ('choices' in blocks) return [...blocks.choices];
  return 'whole' in blocks ? [...blocks.whole] : [];
}

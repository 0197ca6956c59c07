import { type Intensity, plainIntensity } from '../cohort/intensity.ts';
import type { Activations } from '../engine/ops/convolved.ts';
import { defaultArchitecture, type Reduction } from './architecture.ts';
import type { Sampling } from './order.ts';
import { trainDefaults } from './train.ts';

/** All that decides about a network and its training, by the names of the options; docs/formats.md has the file. */
export interface Settings {
  readonly channels: readonly number[];
  readonly 'sub-blocks': readonly number[];
  readonly reduction: Reduction;
  readonly 'fc-layers': number;
  readonly dropout: number;
  readonly classes: readonly string[];
  readonly 'learning-rate': number;
  readonly 'weight-decay': number;
  readonly 'batch-size': number;
  readonly epochs: number;
  readonly patience: number;
  readonly seed: number;
  readonly sampling: Sampling;
  readonly activations: Activations;
  readonly intensity: Intensity['scale'];
  /** mm, full width at half maximum */
  readonly smoothing: number;
}

/** The channels of every block by a rule: those of the first, and their growth from block to block. */
export interface ChannelRule {
  readonly blocks: number;
  readonly 'first-channels': number;
  readonly 'channel-growth': number;
  /** none where it is infinite */
  readonly 'most-channels': number;
}

/** Settings as a file gives them: some of them, and the blocks in either way. */
export interface Configuration extends Partial<Omit<Settings, 'sub-blocks'>>, Partial<ChannelRule> {
  /** of each block, or of every one */
  readonly 'sub-blocks'?: number | readonly number[];
}

/** The defaults of docs/method.md. */
export const settingsDefaults: Settings = {
  channels: defaultArchitecture.channels,
  'sub-blocks': defaultArchitecture.subBlocks,
  reduction: defaultArchitecture.reduction,
  'fc-layers': defaultArchitecture.fcLayers,
  dropout: defaultArchitecture.dropout,
  classes: defaultArchitecture.classes,
  'learning-rate': trainDefaults.learningRate,
  'weight-decay': trainDefaults.weightDecay,
  'batch-size': trainDefaults.batchSize,
  epochs: trainDefaults.epochs,
  patience: trainDefaults.patience,
  seed: trainDefaults.seed,
  sampling: trainDefaults.sampling,
  activations: trainDefaults.activations,
  intensity: plainIntensity.scale,
  smoothing: plainIntensity.smoothing,
};

/** The rule's defaults; they give the default network's channels. */
export const ruleDefaults: ChannelRule = {
  blocks: defaultArchitecture.channels.length,
  'first-channels': defaultArchitecture.channels[0],
  'channel-growth': 2,
  'most-channels': Number.POSITIVE_INFINITY,
};

/** What makes up the rule. */
export const ruleKeys = Object.keys(ruleDefaults) as readonly (keyof ChannelRule)[];

/** Channels of each block: each time as many as before times the growth, rounded, up to the most. */
export function channelsBy(rule: ChannelRule): number[] {
  const { blocks, 'first-channels': first, 'channel-growth': growth, 'most-channels': most } = rule;
  return Array.from({ length: blocks }, (_, block) => Math.min(most, Math.round(first * growth ** block)));
}

/** Two configurations in one: what `strong` names goes before. Channels and their rule stand for the same thing. */
export function overlay<T extends object>(weak: T, strong: T): T {
  const named = (key: string) => (strong as Record<string, unknown>)[key] !== undefined;
  const beaten = named('channels') ? ruleKeys : ruleKeys.some(named) ? (['channels'] as const) : [];
  const kept = Object.entries(weak).filter(([key]) => !beaten.some((name) => name === key));
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(Object.entries(strong).filter(([key]) => named(key))),
  } as T;
}

/** The settings of a configuration. One number of channels and of sub-blocks per block is for the caller to check. */
export function settingsOf(configuration: Configuration): Settings {
  const {
    blocks: _0,
    'first-channels': _1,
    'channel-growth': _2,
    'most-channels': _3,
    ...named
  } = configuration;
  const rule = { ...ruleDefaults, ...pick(configuration, ruleKeys) };
  const ruled = ruleKeys.some((key) => configuration[key] !== undefined);
  const channels = named.channels ?? (ruled ? channelsBy(rule) : settingsDefaults.channels);
  const counts = named['sub-blocks'] ?? settingsDefaults['sub-blocks'];
  return {
    ...settingsDefaults,
    ...named,
    channels,
    'sub-blocks': typeof counts === 'number' ? channels.map(() => counts) : counts,
  };
}

function pick<T extends object, K extends keyof T>(object: T, keys: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(
    keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]),
  ) as Partial<Pick<T, K>>;
}

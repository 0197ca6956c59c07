import { type Intensity, scales } from '../../cohort/intensity.ts';
import { type Activations, activations } from '../../engine/ops/convolved.ts';
import type { Reduction } from '../../model/architecture.ts';
import { type Sampling, samplings } from '../../model/order.ts';
import { type Configuration, settingsDefaults } from '../../model/settings.ts';
import { UsageError } from '../fail.ts';
import { counts, listOption, notNegative, numberOption, positive, type Range, seeds } from '../options.ts';
import { wholes } from './whole.ts';

/** What a command line says of a network and its training; what it leaves open is undefined. */
export interface SettingsArguments {
  epochs: number | undefined;
  'batch-size': number | undefined;
  'learning-rate': number | undefined;
  'weight-decay': number | undefined;
  patience: number | undefined;
  seed: number | undefined;
  sampling: Sampling | undefined;
  activations: Activations | undefined;
  channels: string[] | undefined;
  'sub-blocks': string[] | undefined;
  reduction: Reduction | undefined;
  'fc-layers': number | undefined;
  dropout: number | undefined;
  classes: string[] | undefined;
  intensity: Intensity['scale'] | undefined;
  smoothing: number | undefined;
}

/** These options, without defaults: a configuration file comes between. The help shows the defaults all the same. */
export const settingsOptions = {
  epochs: number('epochs', counts, 'Epochs at most'),
  'batch-size': number('batch-size', counts, 'Images in a step'),
  'learning-rate': number('learning-rate', positive, "Adam's"),
  'weight-decay': number('weight-decay', notNegative, 'Share of a weight added to its gradient'),
  patience: number('patience', counts, 'Epochs above the lowest loss before the end'),
  seed: number('seed', seeds, 'Start of the random numbers of the training'),
  sampling: name('sampling', samplings, 'Each session once in an epoch, or every class equally often'),
  activations: name(
    'activations',
    activations,
    'Largest volumes until the backward pass: kept, kept in half precision, or computed again',
  ),
  channels: list('channels', 'Output channels of each block'),
  'sub-blocks': list('sub-blocks', 'Sub-blocks of each block, 1 to 3'),
  reduction: name('reduction', ['maxpool', 'stride'] as const, 'How a block halves the volume'),
  'fc-layers': number('fc-layers', counts, 'Fully connected layers'),
  dropout: number('dropout', { least: 0, below: 1 }, 'Share of the features dropped in a step'),
  classes: list('classes', 'Diagnoses to tell apart; the one under study last'),
  intensity: name(
    'intensity',
    scales,
    'Scale of the images: as they are, to [0, 1], or by mean and deviation over the brain',
  ),
  smoothing: number('smoothing', { least: 0, unit: 'mm' }, 'Gaussian that smooths the images, FWHM in mm'),
} as const;

type Key = keyof SettingsArguments;

function shown(key: Key) {
  return { defaultDescription: String(settingsDefaults[key]) };
}

function number(key: Key, range: Range, describe: string) {
  return numberOption(key, { range, ...shown(key), describe });
}

function name<T extends string>(key: Key, choices: readonly T[], describe: string) {
  return { choices, ...shown(key), describe, requiresArg: true } as const;
}

function list(key: Key, describe: string) {
  return listOption({ ...shown(key), describe });
}

/** An option of those with its default, for a command without configuration files. */
export function defaulted<K extends Exclude<Key, ListKey>>(key: K) {
  return { ...settingsOptions[key], default: settingsDefaults[key] };
}

type ListKey = 'channels' | 'sub-blocks' | 'classes';

/** The same of a list. Its default is a text as the user would write it; the option's own rule takes it apart. */
export function defaultedList(key: ListKey) {
  const option = settingsOptions[key];
  const coerce = (text: string) => option.coerce(text) ?? [];
  return { ...option, default: String(settingsDefaults[key]), coerce };
}

/** The configuration that a command line gives. @throws UsageError for the first value that cannot be */
export function configurationOf(args: SettingsArguments, command: string): Configuration {
  const usage = (message: string) => new UsageError(message, command);
  const { classes } = args;
  if (classes && (classes.length < 2 || new Set(classes).size !== classes.length))
    throw usage('--classes takes at least two different names, with commas between');
  const keys = Object.keys(settingsOptions) as Key[];
  const given = Object.fromEntries(
    keys.filter((key) => args[key] !== undefined).map((key) => [key, args[key]]),
  );
  return {
    ...given,
    ...(args.channels && { channels: wholes('channels', args.channels, command) }),
    ...(args['sub-blocks'] && { 'sub-blocks': wholes('sub-blocks', args['sub-blocks'], command, 3) }),
  };
}

import { type Grid, spacingOf } from '../../../cohort/volume.ts';
import type { Accuracy, Quality, Training } from '../../../report/page/data.ts';
import { hidden, ineffective } from '../../../report/page/rules.ts';
import { type Context, resultsOf, warn } from './context.ts';
import type { FoundMask } from './masks.ts';
import { trainingResults } from './networks.ts';
import { member, numberOf } from './numbers.ts';

const few = 50; // participants; below it a 95 % interval of balanced accuracy is wider than some 0.2
const coarse = 2; // mm
const modulated = 'modulated-on';

/** What was read, as far as warnings are drawn from it. */
export interface Noticed {
  readonly planted: readonly string[] | null;
  readonly quality: readonly Quality[];
  readonly accuracies: readonly Accuracy[];
  readonly trainings: readonly Training[];
  readonly masks: readonly FoundMask[];
  readonly grid: Grid | null;
}

/** Says what limits these data and results. */
export function addWarnings(context: Context, noticed: Noticed): void {
  data(context, noticed);
  networks(context, noticed);
  masks(context, noticed);
  machine(context);
  unfinished(context);
}

function data(context: Context, { planted, quality, grid }: Noticed): void {
  const say = (level: 'warning' | 'note', text: string) => warn(context, level, text);
  if (planted || resultsOf(context, 'simulate', 'demo').length > 0)
    say(
      'warning',
      'The data are simulated. They show that the method finds what was planted, and say nothing about a disease.',
    );
  const variants = resultsOf(context, 'cohort build').flatMap(({ options }) =>
    JSON.stringify(options.variant ?? ''),
  );
  if (variants.some((variant) => variant.includes(modulated)) || quality.some(({ aboveOne }) => aboveOne > 0))
    say(
      'warning',
      'Some maps are modulated, or hold values above 1: the value 1 that masking puts in is then no longer "certainly gray matter".',
    );
  for (const { cohort, flagged, rejected } of quality) {
    if (flagged + rejected > 0)
      say(
        'note',
        `${cohort}: the quality check rejected ${rejected} and flagged ${flagged} of the images; flagged ones are in.`,
      );
  }
  if (grid) {
    const size = Math.max(...spacingOf(grid));
    if (size > coarse + 0.01)
      say(
        'warning',
        `The voxels are coarse (${size.toFixed(1)} mm, the paper's 1.5 mm): small regions hold few of them, and their densities are rough.`,
      );
  }
  const invalid = new Set(
    context.results.flatMap(({ results }) => Object.keys(member(results, 'notNumbers') ?? {})),
  );
  if (invalid.size > 0)
    say('note', `${invalid.size} images hold voxels that are no number; these were read as 0.`);
}

function networks(context: Context, { accuracies, trainings }: Noticed): void {
  const say = (level: 'warning' | 'note', text: string) => warn(context, level, text);
  const sizes = accuracies.flatMap(({ participants }) => (participants === null ? [] : [participants]));
  if (sizes.length > 0 && Math.min(...sizes) < few)
    say(
      'warning',
      `Few participants: accuracy is judged on as few as ${Math.min(...sizes)}, so that it is uncertain by a tenth or more.`,
    );
  if (accuracies.length > 0 && accuracies.every(({ group }) => group === 'validation'))
    say(
      'warning',
      'There is no test set and no independent cohort: the accuracy is that of the participants by whom the networks were selected.',
    );
  for (const { name, interrupted, history, keptEpoch } of trainings) {
    if (interrupted)
      say('warning', `The training of ${name} was interrupted; its network is the best until then.`);
    else if (history.length > 1 && keptEpoch === history[history.length - 1].epoch)
      say('note', `The training of ${name} was still getting better at its last epoch.`);
  }
  if (trainings.length > 0)
    say(
      'note',
      "The network's channels, sub-blocks and dropout are voxmask's or the study's: the numbers of the paper's figure 1 are not known.",
    );
  if (resultsOf(context, 'train').length > trainingResults(context).length)
    say('note', 'Networks of checks (random, or trained on shuffled labels) are left out of the accuracies.');
}

function masks(context: Context, { masks: all }: Noticed): void {
  const say = (level: 'warning' | 'note', text: string) => warn(context, level, text);
  const names = (some: readonly FoundMask[]) => listed(some.map(({ name }) => name));
  const empty = all.filter(({ touchedShare }) => touchedShare === 0);
  if (empty.length > 0)
    say('warning', `Empty masks, which hide nothing and have no similarity: ${names(empty)}.`);
  const weak = ineffective(all).filter((mask) => !empty.includes(mask));
  if (weak.length > 0)
    say('warning', `Masks under which the class's mean probability stays above ${hidden}: ${names(weak)}.`);
  const stopped = all.filter(({ interrupted }) => interrupted);
  if (stopped.length > 0) say('warning', `Interrupted before their end: ${names(stopped)}.`);
  const falling = all.filter(({ result: { results } }) => {
    const [last, best] = [numberOf(results.epochs), numberOf(member(results, 'best', 'epoch'))];
    return last !== null && last > 1 && best === last;
  });
  if (falling.length > 0)
    say(
      'note',
      `The loss was still falling when these masks ended, so they may be more diffuse than they would become: ${names(falling)}.`,
    );
}

function machine(context: Context): void {
  const adapters = context.results.flatMap(({ sidecar }) => (sidecar.adapter ? [sidecar.adapter] : []));
  const software = adapters.find(({ kind }) => kind !== undefined && kind !== 'hardware');
  if (software)
    warn(
      context,
      'note',
      `Computed on a software adapter (${software.name}): results differ from a GPU's in the last bits, and take longer.`,
    );
  const names = new Set(adapters.map(({ name }) => name));
  if (names.size > 1)
    warn(
      context,
      'note',
      `Computed on ${names.size} adapters: the same command gives the same bits on one adapter only.`,
    );
  const versions = new Set(context.results.flatMap(({ sidecar }) => sidecar.versions?.voxmask ?? []));
  if (versions.size > 1)
    warn(context, 'note', `Made by several versions of voxmask: ${[...versions].join(', ')}.`);
}

function listed(names: readonly string[]): string {
  const most = 6;
  return names.length > most
    ? `${names.slice(0, most).join('; ')} and ${names.length - most} more`
    : names.join('; ');
}

/** Results in the folder of a step that is not done are of an earlier or an unfinished run; they are shown, and named. */
function unfinished(context: Context): void {
  const units = context.study?.units ?? [];
  const old = units.filter(
    ({ status, out }) =>
      status !== 'done' &&
      !units.some((other) => other.out === out && other.status === 'done') &&
      context.results.some(({ place }) => `${place}/`.startsWith(`${out}/`)),
  );
  if (old.length > 0)
    warn(
      context,
      'warning',
      `Shown are results of an earlier or unfinished run of steps that are not done: ${listed(old.map(({ id }) => id))}.`,
    );
}

import { type Grid, spacingOf } from '../../../cohort/volume.ts';
import type { Accuracy, PairSummary, Quality, Training } from '../../../report/page/data.ts';
import { hidden, ineffective } from '../../../report/page/rules.ts';
import { type Context, resultsOf, warn } from './context.ts';
import { addDisagreements } from './disagreements.ts';
import type { FoundMask } from './masks.ts';
import { listed } from './names.ts';
import { trainingResults } from './networks.ts';
import { member } from './numbers.ts';
import type { Sealed, Shown } from './shown.ts';
import { addUndone } from './undone.ts';

const few = 50; // participants; below it a 95 % interval of balanced accuracy is wider than some 0.2
const coarse = 2; // mm
const modulated = 'modulated-on';

/** What was read, as far as warnings are drawn from it. */
export interface Noticed {
  readonly planted: readonly Shown[] | null;
  readonly quality: readonly Sealed<Quality>[];
  readonly accuracies: readonly Sealed<Accuracy>[];
  readonly trainings: readonly Sealed<Training>[];
  readonly masks: readonly FoundMask[];
  readonly summaries: readonly Sealed<PairSummary>[];
  readonly grid: Grid | null;
}

/** Says what limits these data and results. */
export function addWarnings(context: Context, noticed: Noticed): void {
  addDisagreements(context, noticed.masks);
  data(context, noticed);
  networks(context, noticed);
  masks(context, noticed);
  addUndone(context, noticed);
  computer(context);
  unfinished(context);
}

function data(context: Context, { planted, quality, grid }: Noticed): void {
  const { say, from } = context.identity;
  const add = (level: 'warning' | 'note', text: Shown) => warn(context, level, text);
  if (planted || resultsOf(context, 'simulate', 'demo').length > 0)
    add(
      'warning',
      say`The data are simulated. They show that the method finds what was planted, and say nothing about a disease.`,
    );
  const variants = resultsOf(context, 'cohort build').flatMap(({ options }) =>
    JSON.stringify(options.variant ?? ''),
  );
  if (variants.some((variant) => variant.includes(modulated)) || quality.some(({ aboveOne }) => aboveOne > 0))
    add(
      'warning',
      say`Some maps are modulated, or hold values above 1: the value 1 that masking puts in is then no longer "certainly gray matter".`,
    );
  for (const { cohort, flagged, rejected } of quality) {
    if (flagged + rejected > 0)
      add(
        'note',
        say`${cohort}: the quality check rejected ${rejected} and flagged ${flagged} of the images.`,
      );
  }
  if (grid) {
    const size = Math.max(...spacingOf(grid));
    if (size > coarse + 0.01)
      add(
        'warning',
        say`The voxels are coarse (${from((mm: number) => mm.toFixed(1), size)} mm, the paper's 1.5 mm): small regions hold few of them, and their densities are rough.`,
      );
  }
  const invalid = new Set(
    context.results.flatMap(({ results }) => Object.keys(member(results, 'notNumbers') ?? {})),
  );
  if (invalid.size > 0)
    add('note', say`${invalid.size} images hold voxels that are no number; these were read as 0.`);
}

function networks(context: Context, { accuracies, trainings }: Noticed): void {
  const { say } = context.identity;
  const add = (level: 'warning' | 'note', text: Shown) => warn(context, level, text);
  const sizes = accuracies.flatMap(({ participants }) => (participants === null ? [] : [participants]));
  if (sizes.length > 0 && Math.min(...sizes) < few)
    add(
      'warning',
      say`Few participants: accuracy is judged on as few as ${Math.min(...sizes)}, so that it is uncertain by a tenth or more.`,
    );
  if (accuracies.length > 0 && accuracies.every(({ group }) => group === 'validation'))
    add(
      'warning',
      say`There is no test set and no independent cohort: the accuracy is that of the participants by whom the networks were selected.`,
    );
  for (const { name, interrupted } of trainings) {
    if (interrupted)
      add('warning', say`The training of ${name} was interrupted; its network is the best until then.`);
  }
  if (trainings.length > 0)
    add(
      'note',
      say`The network's channels, sub-blocks and dropout are voxmask's or the study's: the numbers of the paper's figure 1 are not known.`,
    );
  if (resultsOf(context, 'train').length > trainingResults(context).length)
    add(
      'note',
      say`Networks of checks (random, or trained on shuffled labels) and of random searches are left out of the accuracies.`,
    );
}

function masks(context: Context, { masks: all }: Noticed): void {
  const { say } = context.identity;
  const add = (level: 'warning' | 'note', text: Shown) => warn(context, level, text);
  const names = (some: readonly FoundMask[]) =>
    listed(
      context.identity,
      some.map(({ name }) => name),
    );
  const empty = all.filter(({ touchedShare }) => touchedShare === 0);
  if (empty.length > 0)
    add('warning', say`Empty masks, which hide nothing and have no similarity: ${names(empty)}.`);
  const weak = ineffective(all).filter((mask) => !empty.includes(mask));
  if (weak.length > 0)
    add(
      'warning',
      say`Masks under which the class's mean probability stays above ${hidden}: ${names(weak)}.`,
    );
  const stopped = all.filter(({ interrupted }) => interrupted);
  if (stopped.length > 0) add('warning', say`Interrupted before their end: ${names(stopped)}.`);
}

function computer(context: Context): void {
  const { say, machine } = context.identity;
  const adapters = context.results.flatMap(({ sidecar }) => (sidecar.adapter ? [sidecar.adapter] : []));
  const software = adapters.find(({ kind }) => kind !== undefined && kind !== 'hardware');
  if (software)
    warn(
      context,
      'note',
      say`Computed on a software adapter (${machine(String(software.name))}): results differ from a GPU's in the last bits, and take longer.`,
    );
  const names = new Set(adapters.map(({ name }) => name));
  if (names.size > 1)
    warn(
      context,
      'note',
      say`Computed on ${names.size} adapters: the same command gives the same bits on one adapter only.`,
    );
}

/** Results in the folder of a step that is not done are of an earlier or an unfinished run; they are shown, and named. */
function unfinished(context: Context): void {
  const { say, name } = context.identity;
  const units = context.study?.units ?? [];
  const old = units.filter(
    ({ status, out }) =>
      status !== 'done' &&
      !units.some((other) => other.out === out && other.status === 'done') &&
      context.results.some(({ place }) => `${place}/`.startsWith(`${out}/`)),
  );
  if (old.length > 0) {
    const steps = listed(
      context.identity,
      old.map(({ id }) => name('step', id)),
    );
    warn(
      context,
      'warning',
      say`Shown are results of an earlier or unfinished run of steps that are not done: ${steps}.`,
    );
  }
}

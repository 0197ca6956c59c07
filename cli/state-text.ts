import { listed } from '../cohort/listed.ts';
import { type Mark, type MaskState, marksOf } from '../masking/mask-state.ts';
import { THRESHOLD } from '../masking/threshold.ts';
import type { ChanceTest } from '../model/chance.ts';
import type { TrainingState } from '../model/training-state.ts';

/** A mask with its state, as a warning names it. */
export interface NamedState {
  readonly name: string;
  readonly state: MaskState;
}

/**
 * Warnings about one mask that was just made, each a sentence or two; none about a sound one.
 *
 * @param longer options that allow more steps
 */
export function maskWarnings(
  state: MaskState,
  touchedShare: number,
  longer = '--epochs or --steps',
): string[] {
  const marks = marksOf(state);
  const lines: string[] = [];
  if (marks.includes('not converged')) lines.push(notConverged(state, longer));
  if (marks.includes('veil'))
    lines.push(
      `The mask is a veil: it touches ${percent(touchedShare)} of the voxels where it may hide, more than half, ` +
        'so its regions say little. Let it converge, or raise --lambda1.',
    );
  if (marks.includes('empty'))
    lines.push(
      `The mask is empty: no voxel is at or below ${THRESHOLD}. Allow more steps, or lower --lambda1 and --lambda2.`,
    );
  return lines;
}

function notConverged({ lastFall, stopped }: MaskState, longer: string): string {
  if (lastFall === null)
    return `The mask has not converged: its losses are too few to tell. Allow more ${longer}.`;
  const fell = `its loss fell by ${percent(lastFall)} over the second half of its steps`;
  if (stopped === 'limit')
    return `The mask has not converged: it ended at its last step, and ${fell}. Allow more ${longer}.`;
  const remedy = stopped === 'patience' ? 'Raise --patience.' : 'The same command goes on.';
  return `The mask has not converged: ${fell}. ${remedy}`;
}

/** One line with how many of several masks are what; null where all are sound. @param where tells which */
export function countedMasks(masks: readonly NamedState[], where: string): string | null {
  const found = counts(masks);
  return found.length === 0 ? null : `Of ${masks.length} masks: ${found.join(', ')} (${where}).`;
}

/** One line with the names of those of several masks that are not sound, and what each is; null where all are. */
export function namedMasks(masks: readonly NamedState[]): string | null {
  const named = masks.flatMap(({ name, state }) => {
    const marks = marksOf(state);
    return marks.length > 0 ? [`${name} (${marks.join(', ')})`] : [];
  });
  return named.length === 0 ? null : `Masks that say little: ${listed(named)}.`;
}

function counts(masks: readonly NamedState[]): string[] {
  const words: Record<Mark, (count: number) => string> = {
    'not converged': (count) => `${count} not converged`,
    veil: (count) => `${count} ${count === 1 ? 'veil' : 'veils'}`,
    empty: (count) => `${count} empty`,
    interrupted: (count) => `${count} interrupted`,
  };
  return (Object.keys(words) as Mark[]).flatMap((mark) => {
    const count = masks.filter(({ state }) => marksOf(state).includes(mark)).length;
    return count > 0 ? [words[mark](count)] : [];
  });
}

/** Warnings about a training that ended; none about a sound one, or one without a record. */
export function trainingWarnings(state: TrainingState | null, balancedAccuracy: number): string[] {
  const { chance = null, stillFalling = false } = state ?? {};
  const accuracy = `${balancedAccuracy.toFixed(3)}, p = ${chance ? pText(chance.p) : 'n/a'}`;
  return [
    ...(chance && !chance.aboveChance
      ? [
          `The network is not shown to be above chance: validation balanced accuracy ${accuracy}. ` +
            'Its masks may say nothing about the classes. Train longer, or on more participants.',
        ]
      : []),
    ...(stillFalling
      ? ['The training ended at its last epoch with the validation loss still falling. Allow more --epochs.']
      : []),
  ];
}

/** The warning about a mask of a network that was recorded at chance; null for any other. */
export function chanceWarning(chance: ChanceTest | null): string | null {
  if (!chance || chance.aboveChance) return null;
  return (
    `The network's validation accuracy is not shown to be above chance (p = ${pText(chance.p)}), ` +
    'so its masks may say nothing about the classes.'
  );
}

/** The warning about networks that an evaluation does not show to be above chance; null for none. */
export function evaluationWarning(
  evaluated: readonly { readonly name: string; readonly chance: ChanceTest | null }[],
): string | null {
  const named = evaluated.flatMap(({ name, chance }) =>
    chance && !chance.aboveChance ? [`${name} (p = ${pText(chance.p)})`] : [],
  );
  return named.length === 0 ? null : `Balanced accuracy is not shown to be above chance: ${listed(named)}.`;
}

/** A p-value, as it is printed. */
export function pText(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toPrecision(2);
}

function percent(share: number): string {
  return `${share < 0.1 ? (100 * share).toPrecision(2) : (100 * share).toFixed(0)} %`;
}

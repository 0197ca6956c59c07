/** Why the optimisation of a mask ended: its stopping rule, the most epochs or steps allowed, or an interruption. */
export type Stopped = 'patience' | 'limit' | 'interrupted';

/** How much of the space where it may hide a mask touches: nothing, more than half, or something between. */
export type Extent = 'empty' | 'veil' | 'part';

/** Whether a mask may be believed: how its optimisation ended, and how much it touches (docs/method.md, "State of a mask"). */
export interface MaskState {
  /** unknown for a mask that came without its record */
  readonly stopped: Stopped | 'unknown';
  readonly convergence: 'converged' | 'not converged' | 'unknown';
  /** relative fall of the lowest loss over the second half of the steps; null where it cannot be computed */
  readonly lastFall: number | null;
  readonly extent: Extent;
}

/** The loss that a run selects on, after so many steps. */
export interface LossPoint {
  readonly steps: number;
  readonly loss: number;
}

/** What a mask was found to be, in the words that go beside its numbers. */
export type Mark = 'empty' | 'veil' | 'not converged' | 'interrupted';

/** A mask converged if its lowest loss fell by less than this over the second half of its steps. */
const convergedBelow = 0.01;
/** A veil touches more than this share of the voxels where it may hide. */
const veilAbove = 0.5;

/**
 * Judges a finished mask.
 *
 * Convergence asks whether twice as many steps would lower the loss by 1 % or more. That is known only by taking them, so the
 * second half of the run stands in: a mask whose lowest loss after all n steps is at least 1 % below the lowest after n/2 steps
 * has not converged. Nor has one with too few losses to tell (no loss within the first half).
 *
 * @param curve losses that the run selects on (a group's on the validation images, a session's own), by rising steps
 * @param touchedShare of the voxels where the mask may hide, those at or below 0.95
 */
export function judgeMask(curve: readonly LossPoint[], stopped: Stopped, touchedShare: number): MaskState {
  const lastFall = fallOverSecondHalf(curve);
  const convergence = lastFall !== null && lastFall < convergedBelow ? 'converged' : 'not converged';
  return { stopped, convergence, lastFall, extent: extentOf(touchedShare) };
}

/** The state of a mask of which nothing is known but its voxels. @param touchedShare as `judgeMask` takes it */
export function unrecordedState(touchedShare: number): MaskState {
  return { stopped: 'unknown', convergence: 'unknown', lastFall: null, extent: extentOf(touchedShare) };
}

/** What is to be said beside a mask's numbers; nothing of a mask that is sound, or of which nothing is known. */
export function marksOf({ extent, convergence, stopped }: MaskState): Mark[] {
  return [
    ...(extent === 'part' ? [] : [extent]),
    ...(convergence === 'not converged' ? ([convergence] as const) : []),
    ...(stopped === 'interrupted' ? ([stopped] as const) : []),
  ];
}

/** A state in words, for a table: what marks it, and whether it converged. */
export function stateText(state: MaskState): string {
  const unknown = state.convergence === 'unknown' ? ['convergence unknown'] : [];
  return [...marksOf(state), ...unknown].join(', ') || 'converged';
}

/** A state as a results file records it; null for anything else. */
export function readState(record: unknown): MaskState | null {
  const { stopped, convergence, lastFall, extent } = (record ?? {}) as Partial<
    Record<keyof MaskState, unknown>
  >;
  const known =
    among(stopped, ['patience', 'limit', 'interrupted', 'unknown']) &&
    among(convergence, ['converged', 'not converged', 'unknown']) &&
    among(extent, ['empty', 'veil', 'part']) &&
    (lastFall === null || typeof lastFall === 'number');
  return known ? ({ stopped, convergence, lastFall, extent } as MaskState) : null;
}

function among(value: unknown, words: readonly string[]): boolean {
  return words.includes(value as string);
}

function extentOf(touchedShare: number): Extent {
  if (touchedShare === 0) return 'empty';
  return touchedShare > veilAbove ? 'veil' : 'part';
}

/**
 * By how much the lowest loss fell between the steps' half and their end, relative to the larger of the two amounts: for losses
 * above 0 that is the one at the half, and where a loss crosses 0 (a logit's) the fall stays finite.
 */
function fallOverSecondHalf(curve: readonly LossPoint[]): number | null {
  const half = (curve.at(-1)?.steps ?? 0) / 2;
  const lowest = (points: readonly LossPoint[]) =>
    points.reduce((low, { loss }) => Math.min(low, loss), Infinity);
  const first = curve.filter(({ steps }) => steps <= half);
  if (half === 0 || first.length === 0) return null;
  const [before, after] = [lowest(first), lowest(curve)];
  return before === after ? 0 : (before - after) / Math.max(Math.abs(before), Math.abs(after));
}

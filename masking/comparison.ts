/** What is known of a mask, as far as comparisons ask. */
export interface Compared {
  readonly participantId: string | null;
  readonly sessionId: string | null;
  readonly fold: string | null;
  readonly run: string | null;
  readonly cohort: string | null;
  readonly model: string | null;
  /** the first session of its participant among the masks of one network */
  readonly baseline: boolean;
}

/** A network's probabilities of the true class on its images under one mask (paper, section 2.4: probCNN). */
export interface MaskedProbabilities {
  /** one per image */
  readonly values: readonly number[];
  /** whose image it is */
  readonly participants: readonly string[];
}

/** What two masks may differ in while all else is equal. */
export const comparisons = [
  'within participants',
  'between participants',
  'folds',
  'runs',
  'cohorts',
] as const;
export type ComparisonKind = (typeof comparisons)[number];

/** Two masks, by their place in the list. */
export type Pair = readonly [a: number, b: number];

/** The measures of a set of masks, by their places. */
export interface Matrices {
  readonly masks: readonly Compared[];
  /** ROI similarity; null where a mask is empty */
  readonly similarity: readonly (readonly (number | null)[])[];
  /** row: network and images of a; column: mask of b; null where not computed */
  readonly probCnn: readonly (readonly MaskedProbabilities[])[] | null;
  /** which masks say little: those that are empty, veils, not converged or interrupted; none where it is left out */
  readonly doubtful?: readonly boolean[];
}

/**
 * The pairs of one kind: those that differ in what the kind names and in nothing else that is known. Sessions of a
 * participant and baselines of participants are compared under one network; folds and runs have networks of their own.
 */
export function pairsOf(kind: ComparisonKind, masks: readonly Compared[]): Pair[] {
  const pairs: Pair[] = [];
  for (let a = 0; a < masks.length; a++)
    for (let b = a + 1; b < masks.length; b++) if (isPair(kind, masks[a], masks[b])) pairs.push([a, b]);
  return pairs;
}

type Trait = 'participantId' | 'sessionId' | 'fold' | 'run' | 'cohort' | 'model';

function isPair(kind: ComparisonKind, a: Compared, b: Compared): boolean {
  const alike = (...traits: Trait[]) => traits.every((trait) => a[trait] === b[trait]);
  const differ = (trait: Trait) => a[trait] !== null && b[trait] !== null && a[trait] !== b[trait];
  switch (kind) {
    case 'within participants':
      return (
        a.participantId !== null &&
        differ('sessionId') &&
        alike('participantId', 'fold', 'run', 'cohort', 'model')
      );
    case 'between participants':
      return differ('participantId') && a.baseline && b.baseline && alike('fold', 'run', 'cohort', 'model');
    case 'folds':
      return differ('fold') && alike('participantId', 'sessionId', 'run', 'cohort');
    case 'runs':
      return differ('run') && alike('participantId', 'sessionId', 'fold', 'cohort');
    case 'cohorts':
      return differ('cohort') && alike('participantId', 'sessionId', 'fold', 'run', 'model');
  }
}

/** probCNN of a cell: the mean over its images. */
export function meanProbability({ values }: MaskedProbabilities): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

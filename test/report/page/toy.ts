import type {
  Accuracy,
  Group,
  MaskReport,
  PairKind,
  PairSummary,
  ReportData,
} from '../../../report/page/data.ts';

/** A report over nothing. */
export const nothing: ReportData = {
  title: 'toy',
  version: '1.2.3',
  madeAt: '2026-01-02T03:04:05.000Z',
  anonymous: false,
  classes: ['CN', 'AD'],
  units: [],
  demographics: null,
  quality: [],
  outliers: null,
  splits: { test: null, folds: [] },
  trainings: [],
  accuracies: [],
  masks: [],
  summaries: [],
  matrices: [],
  gridPoints: null,
  checks: [],
  planted: null,
  answerPicture: null,
  mosaics: [],
  glassBrains: [],
  otherPictures: [],
  viewer: null,
  warnings: [],
  methods: [],
};

/** The accuracy of a fold, with an interval of a tenth on either side. */
export function accuracy(group: Group, fold: number, value: number): Accuracy {
  return {
    group,
    fold,
    run: 0,
    participants: 40,
    balancedAccuracy: value,
    interval: [value - 0.1, value + 0.1],
    chance: null,
    sensitivity: value,
    specificity: value,
    auc: value,
    confusion: {
      classes: ['CN', 'AD'],
      counts: [
        [18, 2],
        [3, 17],
      ],
    },
  };
}

/** A group mask of a fold whose regions have falling densities. */
export function mask(fold: number, names: readonly string[], after = 0.01): MaskReport {
  return {
    id: `mask-${fold}`,
    name: `fold ${fold}`,
    kind: 'group',
    cohort: 'training cohort',
    independent: false,
    fold,
    run: 0,
    className: 'AD',
    probabilities: { before: 0.9, after },
    touchedShare: 0.1,
    images: 30,
    steps: 100,
    interrupted: false,
    state: 'converged',
    lastFall: 0.001,
    regions: names.map((name, i) => ({ name, density: 0.5 / (i + 1) })),
  };
}

/** A kind of pairs with these means. */
export function summary(kind: PairKind, similarity: number, probCnn: number | null, pairs = 10): PairSummary {
  const spread = (mean: number) => ({
    mean,
    low: mean - 0.02,
    high: mean + 0.02,
    lowest: null,
    highest: null,
    undefinedPairs: 0,
  });
  return {
    kind,
    pairs,
    participants: 12,
    doubtfulPairs: 0,
    similarity: spread(similarity),
    probCnn: probCnn === null ? null : spread(probCnn),
  };
}

import { renderGlassBrain } from '../../../report/glass-brain.ts';
import type { ReportData } from '../../../report/page/data.ts';
import { cubicGrid, egg, fill } from '../volumes.ts';
import { accuracy, mask, nothing, summary } from './toy.ts';

const grid = cubicGrid([31, 37, 31], 6);
const gray = fill(grid, egg);
const bytes = (volume: Float32Array) => Uint8Array.from(volume, (value) => Math.round(255 * value));
/** A ball of gray matter around a place in mm. */
const ball = (cx: number, cy: number, cz: number) =>
  fill(grid, (x, y, z) => (Math.hypot(x - cx, y - cy, z - cz) < 16 ? 1 : 0));
const left = ball(-30, -12, -12);
const right = ball(30, -12, -12);

const names = Array.from({ length: 30 }, (_, i) => `P${i + 1} ses-M00`);
const long = 'a_name_without_any_space_that_is_longer_than_a_phone_is_wide_and_must_be_broken_somewhere';

/** A report in which every section has something to show; the mask hides a ball on the left, a second one on the right. */
export const full: ReportData = {
  ...nothing,
  units: [
    {
      ...{ id: 'grid', title: long, experiments: ['E4'], status: 'missing', seconds: null, error: null },
      command: `voxmask grid --model ${long}/${long}`,
    },
  ],
  demographics: {
    name: 'table-1',
    columns: ['cohort', 'label', 'participants', 'sessions', 'age', 'sex', 'MMSE', 'CDR'],
    rows: [
      ['adni', 'CN', 330, 1830, '74.4 ± 5.8 [59.8, 89.6]', '160 F / 170 M', '29.1 ± 1.1 [24, 30]', '0: 330'],
    ],
  },
  quality: [
    { cohort: 'adni', rejected: 1, flagged: 2, accepted: 30, reasons: [[long, 1]], aboveOne: 0, sheet: null },
  ],
  splits: {
    test: { draws: 3, lines: [['test set and the rest', { age: 0.9, sex: 0.85 }]] },
    folds: [
      {
        fold: 0,
        train: { CN: 10, AD: 9 },
        validation: { CN: 3, AD: 2 },
        likeness: { CN: { age: 0.5, sex: 1 } },
      },
    ],
  },
  trainings: [
    {
      ...{ name: 'fold 0', fold: 0, run: 0, keptEpoch: 2, interrupted: false, state: null, validation: null },
      history: [1, 2, 3].map((epoch) => ({
        epoch,
        trainLoss: 1 / epoch,
        validationLoss: 1.1 / epoch,
        balancedAccuracy: 0.6,
      })),
    },
  ],
  accuracies: [accuracy('validation', 0, 0.9), accuracy('test', 0, 0.8), accuracy('independent', 0, 0.85)],
  masks: [mask(0, ['Left', 'Right']), mask(1, ['Right', 'Left'])],
  summaries: [summary('folds', 0.6, 0.7), summary('between participants', 0.8, 0.6)],
  matrices: [
    {
      ...{ name: 'm', title: 'ROI similarity', caption: 'toy', corner: 'mask', rows: names, columns: names },
      values: names.map((_, i) => names.map((_, j) => (i === j ? null : 1 / (1 + Math.abs(i - j))))),
    },
    {
      name: 'n',
      title: 'probCNN',
      caption: 'toy',
      corner: 'mask',
      rows: ['a', long],
      columns: ['a', long],
      values: [
        [0, 1],
        [1, 0],
      ],
    },
  ],
  planted: ['Left'],
  glassBrains: [
    {
      ...{ name: 'glass', alt: 'toy', caption: 'toy' },
      png: renderGlassBrain({
        title: 'toy',
        grid,
        background: gray,
        masks: [{ heading: 'm', mask: left.map((value) => 1 - value) }],
      }),
    },
  ],
  viewer: {
    grid,
    backgrounds: [{ name: 'gray matter', bytes: bytes(gray) }],
    masks: [
      { name: 'fold 0', bytes: bytes(left.map((value) => 0.8 * value)) },
      { name: 'fold 1', bytes: bytes(right.map((value) => 0.8 * value)) },
    ],
    regions: { names: ['Left', 'Right'], bytes: Uint8Array.from(left, (value, i) => value + 2 * right[i]) },
  },
  warnings: [{ level: 'warning', text: long }],
  methods: [`Computed with ${long}.`],
};

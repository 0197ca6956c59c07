import { mean } from '../../cohort/statistics/tests.ts';
import type { Interval } from '../../model/evaluation.ts';
import { textTable } from '../../report/text-table.ts';
import type { EvaluateResult } from '../jobs/evaluate.ts';
import { meanLine } from '../jobs/evaluate-files.ts';
import { pText } from '../state-text.ts';

const digits = 3;

/** An evaluation as it is printed: per cohort the networks' scores and who was taken for what; then all in one table. */
export function evaluationText(result: EvaluateResult): string {
  const { models, folds, recorded, paths } = result;
  const groups = [...new Set(models.map(({ group }) => group))];
  const columns = Object.keys(folds[0].accuracies).length;
  const written = textTable(
    ['written', 'holds'],
    [
      [paths.evaluation, 'the scores with all intervals'],
      [paths.folds, 'the balanced accuracies, a line per network'],
      [paths.confusion, 'how many of each class were taken for which'],
      [paths.predictions, 'what each network says of each session'],
      [paths.sidecar, 'options, versions, adapter and times'],
    ],
  );
  return [
    ...groups.flatMap((group) => [scoresText(result, group), confusionText(result, group)]),
    '95 %: bootstrap over participants; p: of balanced accuracy against chance, labels permuted',
    ...(folds.length > 1 || columns > 1 ? [foldsText(result)] : []),
    written,
    ...(recorded.length > 0 ? [`and ${recorded.length} files beside the networks, as ${recorded[0]}`] : []),
  ].join('\n\n');
}

function scoresText({ models }: EvaluateResult, group: string): string {
  const rows = models
    .filter((one) => one.group === group)
    .map(({ model, evaluation: { participants, sessions, scores, intervals, chance } }) => [
      model,
      participants,
      sessions,
      scores.balancedAccuracy,
      range(intervals.balancedAccuracy),
      chance ? pText(chance.p) : null,
      scores.sensitivity,
      range(intervals.sensitivity),
      scores.specificity,
      range(intervals.specificity),
      scores.auc,
      range(intervals.auc),
    ]);
  const overall = (column: number) => mean(rows.map((row) => row[column] as number));
  const last = ['mean', null, null, overall(3), '', '', overall(6), '', overall(8), '', overall(10), ''];
  const columns = [
    group,
    'participants',
    'sessions',
    { title: 'balanced accuracy', digits },
    '95 %',
    'p',
    { title: 'sensitivity', digits },
    '95 %',
    { title: 'specificity', digits },
    '95 %',
    { title: 'AUC', digits },
    '95 %',
  ];
  return textTable(columns, rows.length > 1 ? [...rows, last] : rows);
}

/** Counts of all networks together. */
function confusionText({ models, classes }: EvaluateResult, group: string): string {
  const matrices = models.filter((one) => one.group === group).map(({ confusion }) => confusion);
  const count = (c: number, p: number) => matrices.reduce((sum, matrix) => sum + matrix[c][p], 0);
  const rows = classes.map((name, c) => [name, ...classes.map((_, p) => count(c, p))]);
  const title = matrices.length > 1 ? `${group}, ${matrices.length} networks` : group;
  return textTable([`${title}: true`, ...classes.map((name) => `taken for ${name}`)], rows);
}

/** The paper's experiments E1 to E3 (section 3.1) side by side: validation, test set, independent cohort. */
function foldsText({ folds }: EvaluateResult): string {
  const names = Object.keys(folds[0].accuracies);
  const lines = folds.length > 1 ? [...folds, meanLine(folds)] : folds;
  return textTable(
    ['balanced accuracy', ...names.map((title) => ({ title, digits }))],
    lines.map(({ model, accuracies }) => [model, ...names.map((name) => accuracies[name])]),
  );
}

function range([low, high]: Interval): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

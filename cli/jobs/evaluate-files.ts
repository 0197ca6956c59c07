import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { mean } from '../../cohort/statistics/tests.ts';
import { formatTable } from '../../cohort/table.ts';
import type { Evaluated, FoldLine } from './evaluate.ts';
import { predictionRows } from './group-files.ts';

/** Where an evaluation's files lie in its folder. */
export function evaluationPaths(directory: string) {
  const place = (name: string) => path.join(directory, name);
  return {
    evaluation: place('evaluation.tsv'),
    folds: place('folds.tsv'),
    confusion: place('confusion.tsv'),
    predictions: place('predictions.tsv'),
    sidecar: place('evaluation.json'),
  };
}

/** Writes a line per network and cohort (and the networks' mean), per network, and per network, cohort and session. */
export function writeEvaluation(
  directory: string,
  evaluated: readonly Evaluated[],
  folds: readonly FoldLine[],
  classes: readonly string[],
): void {
  const paths = evaluationPaths(directory);
  writeFileAtomic(paths.predictions, predictionsTable(evaluated, classes));
  writeFileAtomic(paths.confusion, confusionTable(evaluated, classes));
  writeFileAtomic(paths.folds, foldsTable(folds));
  writeFileAtomic(paths.evaluation, evaluationTable(evaluated));
}

function evaluationTable(evaluated: readonly Evaluated[]): string {
  const rows = evaluated.map(({ model, group, evaluation }) => {
    const { participants, sessions, scores, intervals, confusion, chance } = evaluation;
    return {
      model,
      group,
      participants,
      sessions,
      balanced_accuracy: scores.balancedAccuracy,
      balanced_accuracy_low: intervals.balancedAccuracy[0],
      balanced_accuracy_high: intervals.balancedAccuracy[1],
      p_chance: chance?.p,
      above_chance: chance?.aboveChance,
      sensitivity: scores.sensitivity,
      sensitivity_low: intervals.sensitivity[0],
      sensitivity_high: intervals.sensitivity[1],
      specificity: scores.specificity,
      specificity_low: intervals.specificity[0],
      specificity_high: intervals.specificity[1],
      auc: scores.auc,
      auc_low: intervals.auc[0],
      auc_high: intervals.auc[1],
      true_positive: confusion.truePositive,
      false_negative: confusion.falseNegative,
      true_negative: confusion.trueNegative,
      false_positive: confusion.falsePositive,
    };
  });
  const columns = Object.keys(rows[0]);
  const names = ['balanced_accuracy', 'sensitivity', 'specificity', 'auc'] as const;
  const groups = [...new Set(rows.map(({ group }) => group))];
  const overall = groups.flatMap((group) => {
    const own = rows.filter((row) => row.group === group);
    const means = names.map((name) => [name, mean(own.map((row) => row[name]))]);
    return own.length > 1 ? [{ model: 'mean', group, ...Object.fromEntries(means) }] : [];
  });
  return formatTable(columns, [...rows, ...overall]);
}

function foldsTable(folds: readonly FoldLine[]): string {
  const rows = [...folds, ...(folds.length > 1 ? [meanLine(folds)] : [])].map(
    ({ model, fold, run, accuracies }) => ({ model, fold, run, ...accuracies }),
  );
  return formatTable(Object.keys(rows[0]), rows);
}

/** The mean of each column (paper, section 3.1); null where one is not known. */
export function meanLine(folds: readonly FoldLine[]): FoldLine {
  const means = Object.keys(folds[0].accuracies).map((name) => {
    const values = folds.map(({ accuracies }) => accuracies[name]);
    return [name, values.some((value) => value === null) ? null : mean(values as number[])];
  });
  return { model: 'mean', fold: null, run: null, accuracies: Object.fromEntries(means) };
}

function confusionTable(evaluated: readonly Evaluated[], classes: readonly string[]): string {
  const rows = evaluated.flatMap(({ model, group, confusion }) =>
    classes.map((name, c) => ({
      model,
      group,
      true_label: name,
      ...Object.fromEntries(classes.map((other, p) => [`predicted_${other}`, confusion[c][p]])),
    })),
  );
  return formatTable(Object.keys(rows[0]), rows);
}

function predictionsTable(evaluated: readonly Evaluated[], classes: readonly string[]): string {
  const rows = evaluated.flatMap(({ model, group, sessions, logits }) =>
    predictionRows({ sessions, logits, classes }).map((row) => ({ model, group, ...row })),
  );
  return formatTable(Object.keys(rows[0]), rows);
}

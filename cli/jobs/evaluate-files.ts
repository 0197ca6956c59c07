import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { mean } from '../../cohort/statistics/tests.ts';
import { formatTable } from '../../cohort/table.ts';
import { largestOf } from '../../model/metrics.ts';
import type { Evaluated } from './evaluate.ts';

/** Where an evaluation's files lie in its folder. */
export function evaluationPaths(directory: string) {
  const place = (name: string) => path.join(directory, name);
  return {
    evaluation: place('evaluation.tsv'),
    predictions: place('predictions.tsv'),
    sidecar: place('evaluation.json'),
  };
}

/** Writes a line per network (and their mean), and a line per network and session. */
export function writeEvaluation(
  directory: string,
  evaluated: readonly Evaluated[],
  classes: readonly string[],
): void {
  const paths = evaluationPaths(directory);
  writeFileAtomic(paths.predictions, predictionsTable(evaluated, classes));
  writeFileAtomic(paths.evaluation, evaluationTable(evaluated));
}

function evaluationTable(evaluated: readonly Evaluated[]): string {
  const rows = evaluated.map(({ model, evaluation }) => {
    const { participants, sessions, scores, intervals, confusion } = evaluation;
    return {
      model,
      participants,
      sessions,
      balanced_accuracy: scores.balancedAccuracy,
      balanced_accuracy_low: intervals.balancedAccuracy[0],
      balanced_accuracy_high: intervals.balancedAccuracy[1],
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
  const overall = {
    model: 'mean',
    ...Object.fromEntries(
      (['balanced_accuracy', 'sensitivity', 'specificity', 'auc'] as const).map((name) => [
        name,
        mean(rows.map((row) => row[name])),
      ]),
    ),
  };
  return formatTable(columns, rows.length > 1 ? [...rows, overall] : rows);
}

function predictionsTable(evaluated: readonly Evaluated[], classes: readonly string[]): string {
  const rows = evaluated.flatMap(({ model, sessions, probabilities }) =>
    sessions.map(({ participantId, sessionId, diagnosis }, i) => ({
      model,
      participant_id: participantId,
      session_id: sessionId,
      true_label: diagnosis,
      predicted_label: classes[largestOf(probabilities[i])],
      ...Object.fromEntries(probabilities[i].map((value, c) => [`proba${c}`, value])),
    })),
  );
  return formatTable(Object.keys(rows[0]), rows);
}

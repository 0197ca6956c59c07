import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import type { Session } from '../../cohort/session.ts';
import { formatTable } from '../../cohort/table.ts';
import { groupMetricsOf, largestOf, softmax } from '../../model/metrics.ts';

/** What a network says of a group of sessions. */
export interface GroupAnswers {
  readonly sessions: readonly Session[];
  /** a row of class scores per session */
  readonly logits: readonly ArrayLike<number>[];
  readonly classes: readonly string[];
}

/** Where a network's answers for a group lie, with ClinicaDL's names. */
export interface GroupPaths {
  readonly prediction: string;
  readonly metrics: string;
}

/** @param best the folder of the network's file */
export function groupPaths(best: string, group: string): GroupPaths {
  const place = (kind: string) => path.join(best, group, `${group}_image_level_${kind}.tsv`);
  return { prediction: place('prediction'), metrics: place('metrics') };
}

/** Writes what a network says of each session of a group, and how good that is. */
export function writeGroup(paths: GroupPaths, answers: GroupAnswers): void {
  const rows = predictionRows(answers);
  writeFileAtomic(paths.prediction, formatTable(Object.keys(rows[0]), rows));
  const metrics = metricsRow(answers);
  writeFileAtomic(paths.metrics, formatTable(Object.keys(metrics), [metrics]));
}

/** A row per session: `proba0` is the probability of the first class, and so on. */
export function predictionRows({ sessions, logits, classes }: GroupAnswers) {
  return sessions.map(({ participantId, sessionId, diagnosis }, i) => ({
    participant_id: participantId,
    session_id: sessionId,
    image_id: 0, // an image is taken whole; ClinicaDL counts its parts here
    true_label: diagnosis,
    predicted_label: classes[largestOf(logits[i])],
    ...Object.fromEntries(softmax(logits[i]).map((value, c) => [`proba${c}`, value])),
  }));
}

function metricsRow({ sessions, logits, classes }: GroupAnswers) {
  const labels = sessions.map(({ diagnosis }) => classes.indexOf(diagnosis));
  const metrics = groupMetricsOf(logits, labels, classes.length);
  return {
    BA: metrics.balancedAccuracy,
    accuracy: metrics.accuracy,
    sensitivity: metrics.sensitivity,
    specificity: metrics.specificity,
    PPV: metrics.ppv,
    NPV: metrics.npv,
    F1_score: metrics.f1,
    loss: metrics.loss,
  };
}

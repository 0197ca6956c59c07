/** How well predictions match labels, for two classes the second of which is the positive one (AD). */
export interface Metrics {
  /** mean of sensitivity and specificity; over more than two classes, mean of the classes' recalls */
  readonly balancedAccuracy: number;
  /** share of the positive class that is found; NaN if there is none */
  readonly sensitivity: number;
  /** share of the other class that is left alone; NaN if there is none */
  readonly specificity: number;
  /** mean cross-entropy */
  readonly loss: number;
}

/** Softmax of one row of logits. */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** -log softmax(logits)[label], without overflow or underflow. */
export function crossEntropy(logits: ArrayLike<number>, label: number): number {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  return (
    Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0)) + largest - values[label]
  );
}

/** Position of the largest value; of equals the first. */
export function largestOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((best, value, i, all) => (value > all[best] ? i : best), 0);
}

/**
 * Metrics of a set (paper, section 2.2.3).
 *
 * @param logits a row of class scores per image
 * @param labels true class per image
 */
export function metricsOf(
  logits: readonly ArrayLike<number>[],
  labels: readonly number[],
  classes: number,
): Metrics {
  const recalls = Array.from({ length: classes }, (_, c) => {
    const members = labels.flatMap((label, i) => (label === c ? [i] : []));
    return members.filter((i) => largestOf(logits[i]) === c).length / members.length;
  });
  const present = recalls.filter((recall) => !Number.isNaN(recall));
  return {
    balancedAccuracy: present.reduce((sum, recall) => sum + recall, 0) / present.length,
    sensitivity: recalls[1],
    specificity: recalls[0],
    loss: logits.reduce((sum, row, i) => sum + crossEntropy(row, labels[i]), 0) / logits.length,
  };
}

/** Images by true class (row) and predicted class (column). */
export function confusionMatrix(
  logits: readonly ArrayLike<number>[],
  labels: readonly number[],
  classes: number,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  labels.forEach((label, i) => {
    counts[label][largestOf(logits[i])]++;
  });
  return counts;
}

/** The metrics of a set, and those that ClinicaDL's tables have beside them; NaN where there is no case. */
export interface GroupMetrics extends Metrics {
  readonly accuracy: number;
  /** positive predictive value: share of the positive class among what is said to be it */
  readonly ppv: number;
  /** negative predictive value */
  readonly npv: number;
  /** harmonic mean of ppv and sensitivity */
  readonly f1: number;
}

/** @param logits as `metricsOf` takes them; more than two classes count as positive (the second) and others */
export function groupMetricsOf(
  logits: readonly ArrayLike<number>[],
  labels: readonly number[],
  classes: number,
): GroupMetrics {
  const matrix = confusionMatrix(logits, labels, classes);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const column = (c: number) => sum(matrix.map((row) => row[c]));
  const all = sum(matrix.map(sum));
  const [positive, hits] = [sum(matrix[1]), matrix[1][1]];
  const misses = positive - hits;
  const saidPositive = column(1);
  return {
    ...metricsOf(logits, labels, classes),
    accuracy: sum(matrix.map((row, c) => row[c])) / all,
    ppv: hits / saidPositive,
    npv: (all - saidPositive - misses) / (all - saidPositive),
    f1: (2 * hits) / (saidPositive + positive),
  };
}

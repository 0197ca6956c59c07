import { betaIncomplete, gammaUpper } from './special.ts';

/** A test's statistic, its degrees of freedom, and the probability of one as extreme by chance. */
export interface TestResult {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** two-sided; NaN where the test cannot be made */
  readonly p: number;
}

/**
 * Student's t-test on the means of two independent samples of equal variance, two-sided, as scipy's `ttest_ind`. Two
 * samples that each hold one and the same value have no variance: p is 1 where the values are equal, else 0.
 *
 * @returns NaN for samples too small for a variance (fewer than three values in all, or an empty one)
 */
export function tTest(a: readonly number[], b: readonly number[]): TestResult {
  const degreesOfFreedom = a.length + b.length - 2;
  if (a.length === 0 || b.length === 0 || degreesOfFreedom < 1)
    return { statistic: Number.NaN, degreesOfFreedom, p: Number.NaN };
  const difference = mean(a) - mean(b);
  const variance = (squares(a) + squares(b)) / degreesOfFreedom;
  const error = Math.sqrt(variance * (1 / a.length + 1 / b.length));
  if (error === 0 && difference === 0) return { statistic: 0, degreesOfFreedom, p: 1 };
  const statistic = difference / error;
  return { statistic, degreesOfFreedom, p: studentTails(statistic, degreesOfFreedom) };
}

/**
 * Pearson's chi-squared test of independence on a table of counts, without Yates' correction (scipy's
 * `chi2_contingency(table, correction=False)`). Rows and columns that hold nothing are left out; where fewer than two of
 * either remain, nothing can depend on anything: p is 1.
 *
 * @param counts rows of equal length, of numbers of participants
 */
export function chiSquaredTest(counts: readonly (readonly number[])[]): TestResult {
  const columns =
    counts[0]?.map((_, c) => counts.map((row) => row[c])).filter((cells) => total(cells) > 0) ?? [];
  const rows = (columns[0] ?? [])
    .map((_, r) => columns.map((cells) => cells[r]))
    .filter((row) => total(row) > 0);
  const degreesOfFreedom = (rows.length - 1) * (columns.length - 1);
  if (rows.length < 2 || columns.length < 2) return { statistic: 0, degreesOfFreedom: 0, p: 1 };
  const all = total(rows.map(total));
  let statistic = 0;
  for (const row of rows) {
    row.forEach((count, c) => {
      const expected = (total(row) * total(columns[c])) / all;
      statistic += (count - expected) ** 2 / expected;
    });
  }
  return { statistic, degreesOfFreedom, p: gammaUpper(degreesOfFreedom / 2, statistic / 2) };
}

/** Probability of a value of Student's distribution as far from 0 as t, on either side. */
export function studentTails(t: number, degreesOfFreedom: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return 0;
  const sum = degreesOfFreedom + square;
  return betaIncomplete(degreesOfFreedom / sum, degreesOfFreedom / 2, 0.5, square / sum);
}

export function mean(values: readonly number[]): number {
  return total(values) / values.length;
}

/** Sample standard deviation (n - 1); NaN for fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : Math.sqrt(squares(values) / (values.length - 1));
}

/** Sum of squares about the mean. */
function squares(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

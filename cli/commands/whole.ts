import { UsageError } from '../fail.ts';

/** An option's whole numbers from 1. @throws UsageError naming option and range */
export function wholes(name: string, texts: readonly string[], command: string, most?: number): number[] {
  const values = texts.map(Number);
  if (values.length > 0 && values.every((value) => isWhole(value, 1, most))) return values;
  throw new UsageError(`--${name} takes whole numbers ${rangeText(1, most)}, with commas between`, command);
}

/** Whether a number is whole and within a range. */
export function isWhole(value: number, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

/** As "from 1 to 3". */
export function rangeText(least: number, most?: number): string {
  return most === undefined ? `from ${least}` : `from ${least} to ${most}`;
}

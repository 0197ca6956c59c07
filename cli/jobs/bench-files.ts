import { readFileSync } from 'node:fs';
import type { BenchReport } from '../../bench/report.ts';
import { InputError } from '../../cohort/error.ts';

/** The report in a file that `voxmask bench --out` wrote. @throws InputError when it is none */
export function readReport(file: string): BenchReport {
  let told: { report?: BenchReport };
  try {
    told = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new InputError(
      file,
      `cannot be read: ${(error as Error).message}`,
      'Give a file that "voxmask bench --out" wrote',
    );
  }
  if (!told.report?.limits)
    throw new InputError(file, 'holds no results of a bench', 'Give a file that "voxmask bench --out" wrote');
  return told.report;
}

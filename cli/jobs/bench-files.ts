import type { BenchReport } from '../../bench/report.ts';
import { InputError } from '../../cohort/error.ts';
import { readInputJson } from '../../cohort/read-file.ts';

/** The report in a file that `voxmask bench --out` wrote. @throws InputError when it is none */
export function readReport(file: string): BenchReport {
  const told = readInputJson(file, 'Give a file that "voxmask bench --out" wrote') as {
    report?: BenchReport;
  };
  if (!told.report?.limits)
    throw new InputError(file, 'holds no results of a bench', 'Give a file that "voxmask bench --out" wrote');
  return told.report;
}

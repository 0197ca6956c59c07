import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatSplit } from '../../cohort/splits/split-table.ts';
import { drawTestSet, type TestSet, type TestSetOptions } from '../../cohort/splits/test-set.ts';
import { formatSubset } from '../../cohort/subset.ts';
import { writeSidecar } from '../sidecar.ts';
import { readNotedCohort } from './noted-cohort.ts';
import { openOutput } from './output.ts';
import { refuseCopies } from './twins.ts';

export interface SplitTestOptions extends TestSetOptions {
  readonly cohort: string;
  readonly classes: readonly string[];
  readonly out: string;
  readonly overwrite: boolean;
}

/** Paths of what was written. */
export interface SplitTestPaths {
  readonly split: string;
  readonly test: string;
  readonly rest: string;
  readonly sidecar: string;
}

const marker = 'split.tsv';

/**
 * Sets a matched test set aside, from a cohort's table to tables: `test.tsv` and `train-validation.tsv`, cohorts by
 * themselves, and `split.tsv`, which session is on which side. @throws InputError as `readCohort` and `drawTestSet`
 */
export async function splitTest(
  options: SplitTestOptions,
): Promise<{ drawn: TestSet; paths: SplitTestPaths }> {
  const { cohort: table, classes, out, overwrite, ...drawing } = options;
  const startedAt = new Date();
  const cohort = readNotedCohort(table, classes, { copiesCompared: true });
  await refuseCopies(table, cohort.sessions);
  const drawn = drawTestSet(cohort, drawing);
  const output = openOutput(out, { by: 'split test', overwrite });
  try {
    output.require([marker, 'test.tsv', 'train-validation.tsv', 'split.json'], marker);

    const place = (name: string) => path.join(out, name);
    const paths = {
      split: place(marker),
      test: place('test.tsv'),
      rest: place('train-validation.tsv'),
      sidecar: place('split.json'),
    };
    writeFileAtomic(paths.test, formatSubset(cohort, drawn.test, out));
    writeFileAtomic(paths.rest, formatSubset(cohort, drawn.rest, out));
    const { draws, possiblePairs, againstRest, againstRestByClass, betweenClasses, unknown } = drawn;
    writeSidecar(out, 'split', {
      command: 'split test',
      options: { ...options },
      seed: options.seed,
      startedAt,
      finishedAt: new Date(),
      results: { draws, possiblePairs, againstRest, againstRestByClass, betweenClasses, unknown },
    });
    writeFileAtomic(paths.split, formatSplit({ test: drawn.test, 'train+validation': drawn.rest }));
    return { drawn, paths };
  } finally {
    output.close();
  }
}

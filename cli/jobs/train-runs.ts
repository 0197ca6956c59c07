import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import type { TrainJobOptions, TrainJobResult } from './train.ts';

/** Several trainings of one kind: every fold, each with so many initialisations. */
export interface TrainRunsOptions extends Omit<TrainJobOptions, 'fold'> {
  readonly folds: number;
  /** which folds */
  readonly wanted: readonly number[];
  /** trainings of each fold; run r starts from the seed plus r */
  readonly runs: number;
}

/** One of them, and where it lies. */
export interface TrainRun {
  readonly fold: number;
  readonly run: number;
  readonly seed: number;
  readonly out: string;
}

export interface TrainRunsResult {
  /** those that came to an end, in their order */
  readonly runs: readonly (TrainRun & { readonly result: TrainJobResult })[];
  readonly interrupted: boolean;
  readonly table: string;
}

/**
 * Trains folds and runs one after the other (paper, sections 2.2.3 and 3: five folds, five runs of the first): the same
 * protocol, the same split within a fold, another initialisation in each run. Each has the folder `split-F/run-R`; those that
 * are finished are not run again. `runs.tsv` has a line for each.
 *
 * @param train runs one training
 */
export async function trainRuns(
  options: TrainRunsOptions,
  train: (job: TrainJobOptions, run: TrainRun) => Promise<TrainJobResult>,
): Promise<TrainRunsResult> {
  const { wanted, runs: each, ...common } = options;
  const plan = wanted.flatMap((fold) =>
    Array.from({ length: each }, (_, run): TrainRun => {
      const out = path.join(options.out, `split-${fold}`, `run-${run}`);
      return { fold, run, seed: options.training.seed + run, out };
    }),
  );
  const done: (TrainRun & { result: TrainJobResult })[] = [];
  const table = path.join(options.out, 'runs.tsv');
  for (const run of plan) {
    const training = { ...options.training, seed: run.seed };
    const result = await train({ ...common, fold: run.fold, out: run.out, training }, run);
    if (result.interrupted) return { runs: done, interrupted: true, table };
    done.push({ ...run, result });
    writeFileAtomic(table, runsTable(done, options.out));
  }
  return { runs: done, interrupted: false, table };
}

function runsTable(runs: TrainRunsResult['runs'], out: string): string {
  const rows = runs.map(({ fold, run, seed, out: folder, result: { best, epochs } }) => ({
    fold,
    run,
    seed,
    epochs,
    kept_epoch: best?.epoch,
    balanced_accuracy: best?.validation.balancedAccuracy,
    sensitivity: best?.validation.sensitivity,
    specificity: best?.validation.specificity,
    validation_loss: best?.validation.loss,
    path: path.relative(out, folder),
  }));
  return formatTable(Object.keys(rows[0]), rows);
}

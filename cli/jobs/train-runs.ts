import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import { type RunPlace, runFolder } from '../../model/model-folder.ts';
import { trainingText } from '../../model/training-state.ts';
import { finishedRuns, mapsFor, mapsPaths, trainingSets, writeGroups } from './maps.ts';
import { openOutput, pathsIn, requirePart } from './output.ts';
import type { TrainJobOptions, TrainJobResult } from './train.ts';
import { requireTraining } from './train-files.ts';

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

export type FinishedRun = TrainRun & { readonly result: TrainJobResult };

export interface TrainRunsResult {
  /** those that came to an end, in their order */
  readonly runs: readonly FinishedRun[];
  /** the one that was interrupted */
  readonly stopped: FinishedRun | null;
  readonly interrupted: boolean;
  readonly table: string;
}

/**
 * Trains folds and runs one after the other (paper, sections 2.2.3 and 3: five folds, five runs of the first): the same
 * protocol, the same split within a fold, another initialisation in each run. Each has the folder `split-F/run-R`, one alone
 * too; those that are finished are not run again. `runs.tsv` has a line for each that is there.
 *
 * @param train runs one training; `onBegin` is to be handed to `trainNetwork`
 * @throws InputError as `mapsFor` does
 */
export async function trainRuns(
  options: TrainRunsOptions,
  train: (job: TrainJobOptions, run: TrainRun, onBegin: () => void) => Promise<TrainJobResult>,
): Promise<TrainRunsResult> {
  const { wanted, runs: each, ...common } = options;
  const root = options.out;
  const plan = wanted.flatMap((fold) =>
    Array.from({ length: each }, (_, run): RunPlace => ({ root, fold, run })),
  );
  // Several processes may train different folds; each training's own folder is locked.
  const output = openOutput(root, { by: 'train', overwrite: options.overwrite, shared: true });
  try {
    requireTrainings(root, plan, options.overwrite);
    const begin = mapsFor(common, plan);
    const done: FinishedRun[] = [];
    const table = mapsPaths(root).runs;
    for (const { fold, run } of plan) {
      const out = runFolder({ root, fold, run });
      const training = { ...options.training, seed: options.training.seed + run };
      const planned = { fold, run, seed: training.seed, out };
      const result = await train({ ...common, fold, out, training }, planned, begin);
      if (result.paths) writeGroups({ root, fold, run });
      const finished = { ...planned, result };
      if (result.interrupted) return { runs: done, stopped: finished, interrupted: true, table };
      done.push(finished);
      writeFileAtomic(table, runsTable(root));
    }
    return { runs: done, stopped: null, interrupted: false, table };
  } finally {
    output.close();
  }
}

/** Makes sure, before the first of several trainings, that all of them can be written. @throws InputError */
export function requireTrainings(root: string, plan: readonly RunPlace[], overwrite: boolean): void {
  const paths = mapsPaths(root);
  const groups = plan.flatMap(({ fold }) => trainingSets.map((set) => path.resolve(paths.group(set, fold))));
  requirePart(root, { by: 'train', overwrite }, [...pathsIn(paths), ...groups]);
  for (const place of plan) requireTraining(runFolder(place), overwrite);
}

/** Of all that are there: another process may have trained other folds. */
function runsTable(root: string): string {
  const rows = finishedRuns(root).map(({ place, seed, epochs, best, state }) => ({
    fold: place.fold,
    run: place.run,
    seed,
    epochs,
    kept_epoch: best.epoch,
    balanced_accuracy: best.validation.balancedAccuracy,
    sensitivity: best.validation.sensitivity,
    specificity: best.validation.specificity,
    validation_loss: best.validation.loss,
    p_chance: state?.chance?.p,
    state: trainingText(state),
    path: path.relative(root, runFolder(place)),
  }));
  return formatTable(Object.keys(rows[0]), rows);
}

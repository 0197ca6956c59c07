import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import type { StudyConfig } from '../study/config.ts';
import { type Estimate, estimateUnits, type Load } from '../study/estimate.ts';
import { architectureOf, cohortSize, loadsOf } from '../study/loads.ts';
import { recordFiles } from '../study/records.ts';
import { isDone, type Outcome, type RunUnitsHooks, runUnits } from '../study/run-units.ts';
import { type UnitState, unitStates, writeStudy } from '../study/study-file.ts';
import { inOrder, type Unit, unitKeys } from '../study/unit.ts';
import { unitsOf } from '../study/units.ts';
import { openOutput } from './output.ts';
import { reportName, writeReport } from './report/index.ts';
import { requireReport } from './report/side-files.ts';

export interface StudyOptions {
  readonly study: StudyConfig;
  /** the study's folder */
  readonly out: string;
  /** only this unit, whose needs must be done */
  readonly only: string | null;
  readonly adapters: readonly (string | undefined)[];
}

export interface StudyHooks extends RunUnitsHooks {
  readonly signal: AbortSignal;
  /** Called before the first unit. */
  readonly onPlan?: (units: number) => void;
}

export interface StudyResult {
  readonly units: readonly UnitState[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** the page that shows it; null where only one unit was run */
  readonly report: string | null;
  /** masks and trainings that are not done, in sentences of the report */
  readonly undone: readonly string[];
}

/**
 * Runs a study's units, each an ordinary voxmask command with a folder of its own, and keeps `study.json` up to date. What is
 * done with the same options and inputs is left as it is. At the end, finished or not, it writes the report.
 *
 * @throws InputError when another process runs in the folder or something else has the report's name, there is no atlas, or `only` names no unit that can be run
 */
export async function runStudy(options: StudyOptions, hooks: StudyHooks): Promise<StudyResult> {
  const { study, only } = options;
  const folder = path.resolve(options.out);
  const units = unitsOf(study);
  const keys = unitKeys(units);
  if (only !== null) return runOne(folder, units, keys, options, hooks);
  const output = openOutput(folder, { by: 'study', overwrite: null });
  try {
    output.require(['study.json', ...units.flatMap(({ id }) => recordFiles(id))]);
    for (const unit of units) output.requireFolder(unit.out);
    requireReport(path.join(folder, reportName), null);
    writeStudy(folder, study.name, units, keys);
    hooks.onPlan?.(units.length);
    const outcomes = await runUnits(
      { folder, units, keys, adapters: options.adapters, signal: hooks.signal },
      {
        ...hooks,
        onEnd: (unit, outcome) => {
          if (outcome !== 'before') writeStudy(folder, study.name, units, keys);
          hooks.onEnd?.(unit, outcome);
        },
      },
    );
    const { paths, warnings } = writeReport({
      directory: folder,
      out: null,
      anonymous: null,
      background: null,
      overwrite: null,
    });
    const undone = warnings.filter(({ topic }) => topic === 'undone').map(({ text }) => text);
    return { units: unitStates(folder, units, keys), outcomes, report: paths.report, undone };
  } finally {
    output.close();
  }
}

/** One unit, for schedulers that run several at once; each unit's own folder is locked by its command. */
async function runOne(
  folder: string,
  units: readonly Unit[],
  keys: ReadonlyMap<string, string>,
  { study, only, adapters }: StudyOptions,
  hooks: StudyHooks,
): Promise<StudyResult> {
  const unit = units.find(({ id }) => id === only);
  if (!unit)
    throw new InputError(
      `study ${study.name}`,
      `has no unit ${only}`,
      `Choose one of ${units.map(({ id }) => id).join(', ')}`,
    );
  const lacking = unit.needs.filter((id) => !isDone(folder, units.find((other) => other.id === id)!, keys));
  if (lacking.length > 0)
    throw new InputError(`unit ${only}`, `needs ${lacking.join(', ')}, not done yet`, 'Run them first');
  const output = openOutput(folder, { by: 'study', overwrite: null, shared: true });
  try {
    output.require(recordFiles(unit.id));
    output.requireFolder(unit.out);
    const alone = [{ ...unit, needs: [] }];
    const outcomes = await runUnits({ folder, units: alone, keys, adapters, signal: hooks.signal }, hooks);
    return { units: unitStates(folder, alone, keys), outcomes, report: null, undone: [] };
  } finally {
    output.close();
  }
}

/** A unit of a study that is only looked at. */
export interface DryUnit {
  readonly unit: Unit;
  readonly done: boolean;
  readonly load: Load | null;
  readonly estimate: Estimate | null;
}

/**
 * What a study would run, with estimates for an adapter. Without sizes of the images (a cohort that is not built yet) there
 * are none.
 */
export async function dryStudy(
  study: StudyConfig,
  out: string,
  open: () => Promise<OpenGpu>,
): Promise<{ units: DryUnit[]; adapter: string | null }> {
  const folder = path.resolve(out);
  const units = unitsOf(study);
  const keys = unitKeys(units);
  const { train, independent } = study.cohorts;
  const size = cohortSize(study, train, folder);
  const other = independent ? cohortSize(study, independent, folder) : null;
  const loads = size ? loadsOf(study, size, other) : new Map<string, Load>();
  const left = units.filter((unit) => !isDone(folder, unit, keys));
  let estimates: ReadonlyMap<string, Estimate> = new Map();
  let adapter: string | null = null;
  if (size && left.some(({ id }) => loads.has(id))) {
    const { gpu, report } = await open();
    adapter = report.name;
    estimates = await estimateUnits(gpu, architectureOf(study, size.shape), left, loads);
  }
  return {
    adapter,
    units: inOrder(units).map((unit) => ({
      unit,
      done: isDone(folder, unit, keys),
      load: loads.get(unit.id) ?? null,
      estimate: estimates.get(unit.id) ?? null,
    })),
  };
}

import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { versions } from '../versions.ts';
import { readRecord } from './records.ts';
import { isDone } from './run-units.ts';
import { inOrder, type Unit } from './unit.ts';

/** How a unit stands, for readers of a study. */
export interface UnitState {
  readonly id: string;
  readonly experiments: readonly string[];
  readonly title: string;
  readonly command: readonly string[];
  readonly out: string;
  readonly needs: readonly string[];
  readonly status: 'done' | 'failed' | 'missing';
  readonly seconds: number | null;
  readonly error: string | null;
}

/** All units of a study, in order, with how each stands. */
export function unitStates(
  folder: string,
  units: readonly Unit[],
  keys: ReadonlyMap<string, string>,
): UnitState[] {
  return inOrder(units).map((unit) => {
    const { id, experiments, title, command, out, needs } = unit;
    const record = readRecord(folder, id);
    const current = record?.key === keys.get(id) ? record : null;
    return {
      id,
      experiments,
      title,
      command,
      out,
      needs,
      status: isDone(folder, unit, keys) ? 'done' : current?.status === 'failed' ? 'failed' : 'missing',
      seconds: current?.seconds ?? null,
      error: current?.error ?? null,
    };
  });
}

/** Writes `study.json`: the units and how they stand, which the report reads. */
export function writeStudy(
  folder: string,
  name: string,
  units: readonly Unit[],
  keys: ReadonlyMap<string, string>,
): void {
  const content = { name, versions: versions(), units: unitStates(folder, units, keys) };
  writeFileAtomic(path.join(folder, 'study.json'), `${JSON.stringify(content, null, 2)}\n`);
}

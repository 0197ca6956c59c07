import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { versions } from '../versions.ts';

/** One ordinary voxmask command of a study, with a folder of its own. */
export interface Unit {
  /** as train/fold-0 */
  readonly id: string;
  /** of METHOD's table, as E1; empty where the unit only prepares */
  readonly experiments: readonly string[];
  /** for people */
  readonly title: string;
  /** the words of its command line, without adapter and --overwrite; paths are relative to the study's folder */
  readonly command: readonly string[];
  /** folder of its results, relative to the study's folder */
  readonly out: string;
  /** identifiers of the units whose results it reads */
  readonly needs: readonly string[];
  /** absolute paths of files and folders from outside the study that it reads */
  readonly inputs: readonly string[];
  /** whether the command computes on the GPU */
  readonly gpu: boolean;
  /** how it is begun anew: the command goes on by itself, needs --overwrite, or writes over what is there */
  readonly again: 'resume' | 'overwrite' | 'plain';
}

/** The units in an order in which each comes after what it needs. @throws Error for a need that is no unit, or a circle */
export function inOrder(units: readonly Unit[]): Unit[] {
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const done = new Set<string>();
  const open = new Set<string>();
  const ordered: Unit[] = [];
  const visit = (id: string) => {
    if (done.has(id)) return;
    const unit = byId.get(id);
    if (!unit) throw new Error(`There is no unit ${id}.`);
    if (open.has(id)) throw new Error(`Unit ${id} needs itself.`);
    open.add(id);
    for (const need of unit.needs) visit(need);
    done.add(id);
    ordered.push(unit);
  };
  for (const { id } of units) visit(id);
  return ordered;
}

/**
 * What each unit's result follows from, as a digest: its command, the version, its outer inputs (by size and time), and the
 * same of all that it needs. A unit of the same key need not be run again.
 */
export function unitKeys(units: readonly Unit[]): Map<string, string> {
  const keys = new Map<string, string>();
  for (const unit of inOrder(units)) {
    const inputs = unit.inputs.map((file) => [file, stamp(file)]);
    const needs = unit.needs.map((id) => keys.get(id));
    const content = [versions().voxmask, unit.command, inputs, needs];
    keys.set(unit.id, createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 24));
  }
  return keys;
}

/** Size and time of a file; of a folder only that it is there, for what lies in it is its reader's to check. */
function stamp(file: string): readonly (number | string)[] {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return ['missing'];
  return found.isDirectory() ? ['folder'] : [found.size, Math.round(found.mtimeMs)];
}

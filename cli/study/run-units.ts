import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { unlockingIsForced } from '../jobs/output.ts';
import { type ChildOptions, runCommand } from './child.ts';
import { readRecord, recordFiles, type UnitRecord, writeRecord } from './records.ts';
import { inOrder, type Unit } from './unit.ts';

/** What became of a unit: run now, done before, failed, stopped by the user, or not begun since what it needs is missing. */
export type Outcome = 'done' | 'before' | 'failed' | 'interrupted' | 'blocked';

export interface RunUnitsOptions {
  /** the study's folder, absolute */
  readonly folder: string;
  readonly units: readonly Unit[];
  readonly keys: ReadonlyMap<string, string>;
  /** one unit runs on each at a time; undefined for the adapter that voxmask chooses */
  readonly adapters: readonly (string | undefined)[];
  readonly signal: AbortSignal;
  /** runs a command; as a process of its own when not given */
  readonly run?: typeof runCommand;
}

export interface RunUnitsHooks {
  readonly onBegin?: (unit: Unit) => void;
  readonly onLine?: (unit: Unit, line: string) => void;
  readonly onEnd?: (unit: Unit, outcome: Outcome) => void;
}

/** Whether a unit is done: run to its end with the inputs and options that it has now. */
export function isDone(folder: string, unit: Unit, keys: ReadonlyMap<string, string>): boolean {
  const record = readRecord(folder, unit.id);
  return record?.status === 'done' && record.key === keys.get(unit.id);
}

/**
 * Runs units, each after what it needs, on as many adapters at once as there are. What is done already is left; a unit that
 * fails holds up only those that need it. After an abort the commands under way save and stop.
 */
export async function runUnits(
  { folder, units, keys, adapters, signal, run = runCommand }: RunUnitsOptions,
  hooks: RunUnitsHooks = {},
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const end = (unit: Unit, outcome: Outcome) => {
    outcomes.set(unit.id, outcome);
    hooks.onEnd?.(unit, outcome);
  };
  const waiting = inOrder(units);
  for (const unit of [...waiting]) {
    if (!isDone(folder, unit, keys)) continue;
    waiting.splice(waiting.indexOf(unit), 1);
    end(unit, 'before');
  }
  const isReady = (unit: Unit) =>
    unit.needs.every((id) => outcomes.get(id) === 'done' || outcomes.get(id) === 'before');
  const free = [...adapters];
  const running = new Set<Promise<void>>();
  while (!signal.aborted) {
    const unit = free.length > 0 ? waiting.find(isReady) : undefined;
    if (unit) {
      waiting.splice(waiting.indexOf(unit), 1);
      const adapter = free.shift();
      hooks.onBegin?.(unit);
      const child = { folder, signal, onLine: (line: string) => hooks.onLine?.(unit, line) };
      const work = runUnit(unit, keys.get(unit.id)!, adapter, child, run).then((outcome) => {
        running.delete(work);
        free.push(adapter);
        end(unit, outcome);
      });
      running.add(work);
    } else if (running.size > 0) await Promise.race(running);
    else break;
  }
  await Promise.all(running);
  for (const unit of waiting) end(unit, signal.aborted ? 'interrupted' : 'blocked');
  return outcomes;
}

async function runUnit(
  unit: Unit,
  key: string,
  adapter: string | undefined,
  child: ChildOptions,
  run: typeof runCommand,
): Promise<Outcome> {
  const { folder, signal } = child;
  const before = readRecord(folder, unit.id);
  const earlier = before?.key === key ? before.seconds : 0;
  const started = performance.now();
  const record = (status: UnitRecord['status'], error?: string) =>
    writeRecord(folder, unit.id, {
      key,
      status,
      seconds: earlier + (performance.now() - started) / 1000,
      ...(error !== undefined && { error }),
    });
  const words = [...unit.command, ...(unit.gpu && adapter ? ['--adapter', adapter] : [])];
  if (overwrites(unit, before, key)) words.push('--overwrite');
  if (unlockingIsForced()) words.push('--force-unlock');
  record('begun');
  const { code, output, said } = await run(words, child);
  writeFileAtomic(path.join(folder, recordFiles(unit.id)[1]), output);
  const outcome = code === 0 ? 'done' : code === 130 || signal.aborted ? 'interrupted' : 'failed';
  if (outcome === 'interrupted') record('begun');
  else record(outcome, outcome === 'failed' ? said.join('\n') : undefined);
  return outcome;
}

/** What other inputs or options made is replaced; so is what a command left that does not go on by itself. */
function overwrites({ again }: Unit, before: UnitRecord | null, key: string): boolean {
  if (again === 'plain' || before === null) return false;
  return before.key !== key || again === 'overwrite';
}

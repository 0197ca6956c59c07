import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../../cohort/error.ts';
import { requireFolder } from '../../../cohort/read-file.ts';
import type { Warning } from '../../../report/page/data.ts';
import type { CommandOptions } from '../../command-options.ts';
import { type Identity, open } from './identity.ts';
import { withoutOrderOfNames } from './order.ts';
import { pseudonyms } from './pseudonyms.ts';
import { findResults, type Result } from './results.ts';
import { readRoster } from './roster.ts';
import type { Sealed, Shown } from './shown.ts';
import { readStudyFile, type StudyFile } from './study-units.ts';

/** What all readers of a study's folder share. */
export interface Context {
  /** absolute */
  readonly root: string;
  readonly results: readonly Result[];
  readonly study: StudyFile | null;
  readonly identity: Identity;
  readonly warnings: Sealed<Warning>[];
}

/**
 * Finds the results of a folder.
 *
 * @param commands the options of every command, for a report that is to be anonymous; null for an open one
 * @throws InputError when it holds none, or its `study.json` is damaged
 */
export function openFolder(directory: string, commands: CommandOptions | null): Context {
  const root = path.resolve(directory);
  requireFolder(directory, 'Give the folder of a study, or of its results');
  const study = readStudyFile(root);
  const results = findResults(root);
  if (results.length === 0 && study === null) {
    throw new InputError(
      directory,
      'holds no results of voxmask',
      'Give the folder of a study or a demo, or one below which commands have written their results',
    );
  }
  if (commands === null) return { root, results, study, identity: open(), warnings: [] };
  const roster = readRoster(root, results);
  const identity = pseudonyms(roster, commands);
  return { root, results: withoutOrderOfNames(results, roster), study, identity, warnings: [] };
}

export function resultsOf({ results }: Context, ...commands: readonly string[]): Result[] {
  return results.filter(({ command }) => commands.includes(command));
}

/** Reads something; what cannot be read is said in the report, and the rest goes on. */
export function attempt<T>(context: Context, what: Shown, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { say, reason } = context.identity;
    warn(context, 'warning', say`${what} cannot be read${reason(error)}`);
    return null;
  }
}

/** Adds a warning once. */
export function warn(
  { warnings }: Context,
  level: Warning['level'],
  text: Shown,
  topic?: Warning['topic'],
): void {
  if (!warnings.some((other) => other.text === text)) warnings.push({ level, text, ...(topic && { topic }) });
}

/**
 * A file that a sidecar names: as it is; or, where the study was moved or the path was relative to another folder, the same end
 * of the path below the study's folder or the folders above the sidecar.
 */
export function locate({ root }: Context, given: unknown, from: string): string | null {
  if (typeof given !== 'string' || given === '') return null;
  const parts = given.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  const above: string[] = [];
  for (
    let folder = from;
    above.length < depth && folder !== path.dirname(folder);
    folder = path.dirname(folder)
  )
    above.push(folder);
  const candidates = [
    path.resolve(given),
    ...(path.isAbsolute(given) ? [] : [root, ...above].map((folder) => path.join(folder, given))),
    ...parts.map((_, i) => path.join(root, ...parts.slice(i))),
  ];
  return candidates.find((file) => existsSync(file)) ?? null;
}

const depth = 8;

/** The name that a study gives the cohort of a table or folder, by the unit that it belongs to. */
export function cohortName({ study, identity }: Context, given: unknown): Shown | null {
  if (typeof given !== 'string' || !study) return null;
  const name = /(?:^|[\\/])cohort-([^\\/]+)[\\/]/.exec(given)?.[1];
  return name === undefined ? null : identity.name('cohort', name);
}

/** "fold 0, run 1", or the name where neither is known. */
export function networkName(
  { identity: { say } }: Context,
  { fold, run }: { fold: number | null; run: number | null },
  name: Shown,
): Shown {
  if (fold === null) return run === null ? name : say`run ${run}`;
  return run === null ? say`fold ${fold}` : say`fold ${fold}, run ${run}`;
}

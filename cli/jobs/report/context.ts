import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../../cohort/error.ts';
import type { Warning } from '../../../report/page/data.ts';
import { anonymous, type Identity, open } from './identity.ts';
import { findResults, type Result } from './results.ts';
import { readStudyFile, type StudyFile } from './study-units.ts';

/** What all readers of a study's folder share. */
export interface Context {
  /** absolute */
  readonly root: string;
  readonly results: readonly Result[];
  readonly study: StudyFile | null;
  readonly identity: Identity;
  readonly warnings: Warning[];
}

/** Finds the results of a folder. @throws InputError when it holds none, or its `study.json` is damaged */
export function openFolder(directory: string, isAnonymous: boolean): Context {
  const root = path.resolve(directory);
  if (!existsSync(root)) {
    throw new InputError(directory, 'does not exist', 'Give the folder of a study, or of its results');
  }
  const study = readStudyFile(root);
  const results = findResults(root);
  if (results.length === 0 && study === null) {
    throw new InputError(
      directory,
      'holds no results of voxmask',
      'Give the folder of a study or a demo, or one below which commands have written their results',
    );
  }
  const identity = isAnonymous ? anonymous(root, results) : open;
  return { root, results, study, identity, warnings: [] };
}

export function resultsOf({ results }: Context, ...commands: readonly string[]): Result[] {
  return results.filter(({ command }) => commands.includes(command));
}

/** Reads something; what cannot be read is said in the report, and the rest goes on. */
export function attempt<T>(context: Context, what: string, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const told = context.identity === open ? `: ${error.message}` : '.';
    warn(context, 'warning', `${what} cannot be read${told}`);
    return null;
  }
}

/** Adds a warning once. */
export function warn({ warnings, identity }: Context, level: Warning['level'], text: string): void {
  const said = identity.text(text);
  if (!warnings.some((other) => other.text === said)) warnings.push({ level, text: said });
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

/** Fold and run from a path as `split-F/run-R`. */
export function foldAndRun(...paths: readonly unknown[]): { fold: number | null; run: number | null } {
  const numbered = (name: string) => {
    for (const one of paths) {
      const found =
        typeof one === 'string' ? new RegExp(`(?:^|[\\\\/])${name}-(\\d+)(?=[\\\\/]|$)`).exec(one) : null;
      if (found) return Number(found[1]);
    }
    return null;
  };
  return { fold: numbered('split') ?? numbered('fold'), run: numbered('run') };
}

/** The name that a study gives the cohort of a table or folder, by the unit that it belongs to. */
export function cohortName({ study }: Context, given: unknown): string | null {
  if (typeof given !== 'string' || !study) return null;
  return /(?:^|[\\/])cohort-([^\\/]+)[\\/]/.exec(given)?.[1] ?? null;
}

/** "fold 0, run 1", or the name where neither is known. */
export function networkName(
  { fold, run }: { fold: number | null; run: number | null },
  name: string,
): string {
  const parts = [...(fold === null ? [] : [`fold ${fold}`]), ...(run === null ? [] : [`run ${run}`])];
  return parts.length > 0 ? parts.join(', ') : name;
}

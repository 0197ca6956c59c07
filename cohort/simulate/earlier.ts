import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import type { SimulateOptions } from './options.ts';

const trees = ['caps', 'bids'] as const;

/**
 * Refuses a folder whose files a new cohort would damage.
 *
 * @throws InputError when it holds a cohort, or part of a simulated CAPS tree, and nothing was said of overwriting; and
 *   when a CAPS tree is to go where folders of that name stand that no simulated cohort wrote: they may be a real study's
 */
export function refuseToOverwrite(directory: string, { overwrite, layout }: SimulateOptions): void {
  if (existsSync(path.resolve(directory, 'cohort.tsv')) && !overwrite) {
    throw new InputError(
      directory,
      'holds a cohort already',
      'Choose another folder, or ask to overwrite it',
    );
  }
  if (layout !== 'caps') return;
  const found = trees.map((name) => path.resolve(directory, name)).find((tree) => existsSync(tree));
  if (found === undefined) return;
  if (earlierParticipants(directory) === null) {
    throw new InputError(
      found,
      'is there already, and no simulated cohort wrote it',
      'Choose another folder',
    );
  }
  if (!overwrite) {
    throw new InputError(found, 'is there already', 'Choose another folder, or ask to overwrite it');
  }
}

/** Removes what an earlier simulated CAPS tree holds: its participants would be taken for the new cohort's. */
export function removeEarlierTree(directory: string): void {
  const earlier = earlierParticipants(directory);
  if (earlier === null) return;
  const at = (...names: string[]) => path.resolve(directory, ...names);
  for (const id of earlier) {
    for (const place of ['caps/subjects', 'bids']) rmSync(at(place, id), { recursive: true, force: true });
  }
  rmSync(at('bids', 'participants.tsv'), { force: true });
  for (const place of ['caps/subjects', 'caps', 'bids']) {
    // What somebody else has put there stays.
    if (existsSync(at(place)) && readdirSync(at(place)).length === 0) rmdirSync(at(place));
  }
}

/** Participants of the simulated CAPS tree that a folder's truth.json tells of; null where there is none. */
function earlierParticipants(directory: string): string[] | null {
  try {
    const truth = JSON.parse(readFileSync(path.resolve(directory, 'truth.json'), 'utf8'));
    if (truth.options.layout !== 'caps') return null;
    const ids: unknown[] = truth.participants.map((one: { participantId: unknown }) => one.participantId);
    // They become paths to remove: nothing but a name may pass.
    return ids.filter((id): id is string => typeof id === 'string' && /^sub-[A-Za-z0-9]+$/.test(id));
  } catch {
    return null; // missing, or not ours
  }
}

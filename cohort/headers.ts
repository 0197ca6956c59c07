import { InputError } from './error.ts';
import { listed } from './listed.ts';
import { readGrid } from './nifti.ts';
import type { Session } from './session.ts';
import { type Grid, sameGrid } from './volume.ts';

/** What the header of a session's image tells: its grid, or why there is none. */
export interface Header {
  readonly session: Session;
  readonly grid: Grid | InputError;
}

const shownFaults = 20;

/** The headers of sessions' images; nothing else of them is read. */
export function readHeaders(sessions: readonly Session[]): Header[] {
  return sessions.map((session) => {
    try {
      return { session, grid: readGrid(session.path) };
    } catch (error) {
      if (error instanceof InputError) return { session, grid: error };
      throw error;
    }
  });
}

/** The grid that most of the images lie on, of equals the first; undefined where none can be read. */
export function usualGrid(headers: readonly Header[]): Grid | undefined {
  const counts: { readonly grid: Grid; images: number }[] = [];
  for (const { grid } of headers) {
    if (grid instanceof InputError) continue;
    const known = counts.find((one) => sameGrid(one.grid, grid));
    if (known) known.images++;
    else counts.push({ grid, images: 1 });
  }
  return counts.sort((a, b) => b.images - a.images)[0]?.grid;
}

/**
 * One error for all images that cannot be used: of one its own, of several a list.
 *
 * @param faults at least one
 * @param of how many images there are
 */
export function unusable(faults: readonly InputError[], of: number): InputError {
  if (faults.length === 1) return faults[0];
  const lines = faults.map(({ where, what }) => `${where}: ${what}`);
  return new InputError(
    'images',
    `${faults.length} of ${of} cannot be used:${listed(lines, '\n  ', shownFaults)}\n`,
    'Make them again, or leave them out ("voxmask cohort check" writes a table without them)',
  );
}

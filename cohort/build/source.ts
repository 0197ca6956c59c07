import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { isMissing, readTable, requireColumns } from '../table.ts';
import { findBidsImages } from './bids.ts';
import type { Candidate } from './candidate.ts';
import { findCapsImages } from './caps.ts';
import { foldersIn } from './folders.ts';

/** What kind of place the images come from. */
export type SourceKind = 'CAPS' | 'BIDS derivatives' | 'table';

/** The images of a source, and where its tables lie unless told otherwise; null where there are none. */
export interface Source {
  readonly kind: SourceKind;
  readonly candidates: Candidate[];
  readonly tables: string | null;
}

/**
 * Finds the images of a CAPS folder (it holds `subjects/`), of a BIDS derivatives folder (it holds `sub-...`), or of a
 * table with the columns participant_id, session_id and path.
 *
 * @throws InputError when the place is none of these
 */
export function findImages(place: string): Source {
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) {
    throw new InputError(place, 'does not exist', 'Give a CAPS folder, a BIDS derivatives folder or a table');
  }
  if (found.isFile()) return { kind: 'table', candidates: listed(place), tables: place };
  const folder =
    path.basename(path.resolve(place)) === 'subjects' ? path.dirname(path.resolve(place)) : place;
  const tables = existsSync(path.join(folder, 'participants.tsv')) ? folder : null;
  if (existsSync(path.join(folder, 'subjects'))) {
    return { kind: 'CAPS', candidates: findCapsImages(folder), tables };
  }
  if (foldersIn(folder, 'sub-').length > 0) {
    return { kind: 'BIDS derivatives', candidates: findBidsImages(folder), tables };
  }
  throw new InputError(
    place,
    'is neither a CAPS folder (it would hold subjects/) nor a BIDS derivatives folder (sub-...)',
    "Give the folder that Clinica's t1-volume or fMRIPrep wrote, or a table of images",
  );
}

function listed(file: string): Candidate[] {
  const table = readTable(file);
  requireColumns(table, ['participant_id', 'session_id', 'path']);
  const folder = path.dirname(path.resolve(file));
  return table.rows.flatMap((row): Candidate[] => {
    if (isMissing(row.path)) return [];
    const where = { participantId: row.participant_id, sessionId: row.session_id };
    return [{ ...where, path: path.resolve(folder, row.path), variant: [], scan: [] }];
  });
}

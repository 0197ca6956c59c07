import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { requireFolder } from '../read-file.ts';
import { isMissing, readTable, requireColumns } from '../table.ts';
import { pathFromTable } from '../table-path.ts';
import { findBidsImages } from './bids.ts';
import { type Candidate, type Found, keyOf, type Named } from './candidate.ts';
import { findCapsImages } from './caps.ts';
import { filesBelow, foldersIn } from './folders.ts';
import { findByPattern } from './pattern.ts';
import { findSpmImages } from './spm.ts';

/** What kind of place the images come from. */
export type SourceKind = 'CAPS' | 'BIDS derivatives' | 'CAT12 or SPM' | 'pattern' | 'table';

/** The images of a source, and where its tables lie unless told otherwise; null where there are none. */
export interface Source extends Found {
  readonly kind: SourceKind;
  readonly tables: string | null;
}

/**
 * Finds the images of a CAPS folder (it holds `subjects/`), of a BIDS derivatives folder (it holds `sub-...`), of a folder
 * of CAT12 or SPM, of a folder by a pattern, or of a table with the columns participant_id, session_id and path.
 *
 * @param pattern of the images' paths in the folder; null looks for the layouts that are known
 * @throws InputError when the place is none of these; it says what was looked for, and what is there
 */
export function findImages(place: string, pattern: string | null = null): Source {
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) {
    throw new InputError(place, 'does not exist', 'Give a CAPS folder, a BIDS derivatives folder or a table');
  }
  if (found.isFile()) {
    if (pattern === null) return { kind: 'table', ...listedIn(place), tables: place };
    throw new InputError(
      place,
      'is a table, where --pattern needs a folder',
      'Give the folder of the images',
    );
  }
  requireFolder(place, 'Give a CAPS folder, a BIDS derivatives folder or a table');
  const folder =
    path.basename(path.resolve(place)) === 'subjects' ? path.dirname(path.resolve(place)) : place;
  const tables = existsSync(path.join(folder, 'participants.tsv')) ? folder : null;
  const looked: string[] = [];
  for (const { kind, looksFor, find } of pattern === null ? layouts(folder) : [byPattern(folder, pattern)]) {
    const images = find();
    if (images.candidates.length > 0) return { kind, ...images, tables };
    looked.push(looksFor);
  }
  const there = filesBelow(folder, /\.(nii(\.gz)?|img)$/i, 8, 1000).map((file) =>
    path.relative(folder, file),
  );
  const holds =
    there.length === 0
      ? 'no NIfTI image at all'
      : `${there.length < 1000 ? there.length : '1000 or more'} other images, as:${listed(there, '\n    ', 5)}`;
  throw new InputError(
    place,
    `holds no gray-matter map. Looked for:${listed(looked, '\n  ')}\nThe folder holds ${holds}\n`,
    'Give the folder that one of these programs wrote, --pattern as {participant}_{session}_gm.nii.gz, or a table of images',
  );
}

interface Layout {
  readonly kind: SourceKind;
  readonly looksFor: string;
  readonly find: () => Found;
}

/** The layouts that a folder may have; the first that has images is taken. */
function layouts(folder: string): Layout[] {
  const subjects = existsSync(path.join(folder, 'subjects'));
  const participants = foldersIn(folder, 'sub-').length > 0;
  return [
    {
      kind: 'CAPS',
      looksFor: `CAPS (Clinica): subjects/sub-X/ses-Y/t1/spm/.../*_segm-graymatter_*_probability.nii.gz${subjects ? '' : ' (there is no subjects/)'}`,
      find: () => findCapsImages(folder),
    },
    {
      kind: 'BIDS derivatives',
      looksFor: `BIDS derivatives (fMRIPrep): sub-X[/ses-Y]/anat/*_label-GM_probseg.nii.gz${participants ? '' : ' (there is no sub-...)'}`,
      find: () => findBidsImages(folder),
    },
    {
      kind: 'CAT12 or SPM',
      looksFor:
        'CAT12 and SPM: mwp1*.nii, wp1*.nii, p1*.nii, mwc1*.nii, wc1*.nii, c1*.nii, in any folder below',
      find: () => findSpmImages(folder),
    },
  ];
}

function byPattern(folder: string, pattern: string): Layout {
  return { kind: 'pattern', looksFor: `--pattern ${pattern}`, find: () => findByPattern(folder, pattern) };
}

function listedIn(file: string): Found {
  const table = readTable(file);
  requireColumns(table, ['participant_id', 'session_id', 'path']);
  const folder = path.dirname(path.resolve(file));
  const candidates: Candidate[] = [];
  const bare: Named[] = [];
  const lines = new Map<string, number>();
  table.rows.forEach((row, i) => {
    const named = { participantId: row.participant_id, sessionId: row.session_id };
    const lacking = (['participant_id', 'session_id'] as const).filter((name) => isMissing(row[name]));
    if (lacking.length > 0)
      throw new InputError(
        `${file}, line ${i + 2}`,
        `has no ${lacking.join(' and no ')}`,
        'Give every image both',
      );
    const earlier = lines.get(keyOf(named));
    if (earlier !== undefined) {
      throw new InputError(
        `${file}, line ${i + 2}`,
        `repeats ${named.participantId} ${named.sessionId} of line ${earlier} (ses-M00, ses-M000 and bl are one session)`,
        'Keep one row per session',
      );
    }
    lines.set(keyOf(named), i + 2);
    if (isMissing(row.path)) bare.push(named);
    else candidates.push({ ...named, path: pathFromTable(folder, row.path), variant: [], scan: [] });
  });
  return { candidates, bare, notes: [] };
}

import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';
import { compareText } from '../../cohort/session.ts';
import { isMissing, readTable, requireColumns } from '../../cohort/table.ts';
import { pathFromTable } from '../../cohort/table-path.ts';
import { maskMarker } from './mask-files.ts';
import { type MadeWith, madeWith } from './mask-origin.ts';

/** A mask on disk, and what is known of it; null for what is not. */
export interface MaskEntry {
  /** unique among the masks read together */
  readonly name: string;
  readonly file: string;
  readonly participantId: string | null;
  readonly sessionId: string | null;
  readonly fold: string | null;
  readonly run: string | null;
  readonly cohort: string | null;
  readonly with: MadeWith;
}

const mostLevels = 6; // folders within folders that are searched for masks

/**
 * The masks of several places, each a NIfTI file, a folder of `voxmask mask` (or one that holds such folders, however deep:
 * folds, runs, a grid's points, sessions), or a table with the column `path` and, if known, `name`, `participant_id`,
 * `session_id`, `fold`, `run`, `cohort` and `model`. What a table does not say is taken from the mask's sidecar and path
 * (`sub-X/ses-Y`, `split-F/run-R`).
 *
 * @throws InputError for a place without a mask, or a mask that is given twice
 */
export function findMasks(places: readonly string[]): MaskEntry[] {
  const found = places.flatMap((place) => {
    if (statSync(place, { throwIfNoEntry: false })?.isDirectory()) return folder(place).map(plain);
    return place.endsWith('.tsv') ? tableRows(place) : [plain(place)];
  });
  const seen = new Set<string>();
  for (const { file } of found) {
    const whole = path.resolve(file);
    if (seen.has(whole)) throw new InputError(file, 'is given twice', 'Name every mask once');
    seen.add(whole);
  }
  const names = shortNames(found.map(({ file }) => file));
  const named = found.map((entry, i) => ({ ...entry, name: entry.name ?? names[i] }));
  const repeated = named.find(({ name }, i) => named.findIndex((other) => other.name === name) !== i);
  if (!repeated) return named;
  throw new InputError(
    repeated.file,
    `is called ${repeated.name}, and so is another mask`,
    'Name the masks in a table with the columns path and name',
  );
}

type Unnamed = Omit<MaskEntry, 'name'> & { readonly name: string | null };

/** A mask of which nothing is told but where it lies. */
function plain(file: string): Unnamed {
  const known = madeWith(file);
  const place = path.resolve(file);
  const part = (pattern: RegExp) =>
    pattern.exec(place)?.[1] ?? pattern.exec(path.resolve(known.model ?? '.'))?.[1] ?? null;
  return {
    name: null,
    file,
    participantId: known.participantId ?? /[/\\_](sub-[A-Za-z0-9]+)/.exec(place)?.[1] ?? null,
    sessionId: known.sessionId ?? /[/\\_](ses-[A-Za-z0-9]+)/.exec(place)?.[1] ?? null,
    fold: part(/[/\\](?:split|fold)-([A-Za-z0-9]+)/),
    run: part(/[/\\]run-([A-Za-z0-9]+)/),
    cohort: known.table,
    with: known,
  };
}

function folder(place: string): string[] {
  const files = masksBelow(place, mostLevels);
  if (files.length > 0) return files;
  throw new InputError(
    place,
    `holds no ${maskMarker}, nor do the folders in it`,
    'Give a folder that "voxmask mask" wrote, or the masks themselves',
  );
}

function masksBelow(place: string, levels: number): string[] {
  const file = path.join(place, maskMarker);
  if (existsSync(file)) return [file];
  if (levels === 0) return [];
  return readdirSync(place, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort(compareText)
    .flatMap((name) => masksBelow(path.join(place, name), levels - 1));
}

function tableRows(place: string): Unnamed[] {
  const table = readTable(place);
  requireColumns(table, ['path']);
  if (table.rows.length === 0) throw new InputError(place, 'lists no mask', 'Add one row per mask');
  const at = (cell: string) => pathFromTable(path.dirname(path.resolve(place)), cell);
  const faults: string[] = [];
  const rows = table.rows.flatMap((row, i) => {
    const cell = (name: string) => (isMissing(row[name]) ? null : row[name]);
    const given = cell('path');
    if (given === null || !existsSync(at(given))) {
      faults.push(`line ${i + 2}: ${given === null ? 'has no path' : `${given} does not exist`}`);
      return [];
    }
    const file = statSync(at(given)).isDirectory() ? path.join(at(given), maskMarker) : at(given);
    const from = plain(file);
    const cohort = cell('cohort');
    const images = cohort !== null && existsSync(at(cohort)) ? at(cohort) : null;
    const model = cell('model');
    return {
      name: cell('name'),
      file,
      participantId: cell('participant_id') ?? from.participantId,
      sessionId: cell('session_id') ?? from.sessionId,
      fold: cell('fold') ?? from.fold,
      run: cell('run') ?? from.run,
      cohort: cohort ?? from.cohort,
      with: {
        ...from.with,
        ...(model !== null && { model: at(model) }),
        ...(images !== null && { table: images }),
      },
    };
  });
  if (faults.length === 0) return rows;
  throw new InputError(
    place,
    `has ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`,
    `Correct these rows:${listed(faults, '\n  ', 20)}`,
  );
}

/** Names of files as short as they can be: without the folders that all share, `mask.nii.gz` by its folder. */
function shortNames(files: readonly string[]): string[] {
  const parts = files.map((file) => {
    const whole = path.resolve(file);
    const bare = path.basename(whole) === maskMarker ? path.dirname(whole) : whole;
    return bare.replace(/\.(nii(\.gz)?|hdr|img)$/, '').split(path.sep);
  });
  const shortest = Math.min(...parts.map((each) => each.length));
  let shared = 0;
  while (shared < shortest - 1 && parts.every((each) => each[shared] === parts[0][shared])) shared += 1;
  return parts.map((each) => each.slice(shared).join('/'));
}

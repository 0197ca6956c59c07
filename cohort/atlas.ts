import { mendNames } from './atlas-faults.ts';
import { bounds } from './bounds.ts';
import { InputError } from './error.ts';
import { listed } from './listed.ts';
import { readVolume } from './nifti.ts';
import { noteNaN } from './reading-notes.ts';
import { resample } from './resample.ts';
import { readTable, type Table, wrongSeparator } from './table.ts';
import { describeGrids, type Grid, sameGrid } from './volume.ts';

/** A region of interest of an atlas. */
export interface Region {
  /** Its label in the volume. */
  readonly value: number;
  readonly name: string;
}

export interface Atlas {
  /** Of the label volume, for messages. */
  readonly path?: string;
  readonly grid: Grid;
  /** Per voxel of the grid, canonical C order: a region's value, or 0 for the background. */
  readonly labels: Int32Array;
  /** In the order of the table, without the background; a region may have no voxel. */
  readonly regions: Region[];
  /** A note for each name that is misspelt in the table and was mended. */
  readonly mended?: readonly string[];
}

/** Names of the label table's columns, in order of preference: Clinica, lists of codes, BIDS (`dseg.tsv`). */
const valueColumns = ['roi_value', 'value', 'index'];
const nameColumns = ['roi_name', 'name'];

const largestExact = 2 ** 24; // above it, float32 skips whole numbers

/**
 * Reads an atlas: a NIfTI image of whole-numbered labels and a tab-separated table of their names. The table has a column
 * roi_value, value or index, and a column roi_name or name. Where it has several columns of values, the first that knows
 * every label of the image is taken. The background is value 0 and any row named Background. The misspelt names of Clinica's
 * AAL2 table are mended, with a note.
 *
 * @throws InputError when either file cannot be read, a label is not a whole number or is missing from the table, or the
 *   table names a value twice
 */
export function readAtlas(path: string, labelsPath: string): Atlas {
  const { grid, data, nanCount } = readVolume(path);
  noteNaN(path, nanCount);
  const present = presentLabels(data, path);
  const table = readTable(labelsPath);
  const { regions, background } = regionsOf(table, present, path);
  const labels = Int32Array.from(data, (value) => (background.has(value) ? 0 : value));
  return { path, grid, labels, ...mendNames(regions) };
}

/**
 * An atlas on the images' own grid. Both have been brought to the canonical orientation, so an atlas stored RAS (Clinica's
 * AAL2) fits images stored LAS as it is.
 *
 * @param mayResample takes the nearest voxel's label where shape, voxel size or place differ
 * @throws InputError when they differ and resampling was not asked for
 */
export function alignedAtlas(atlas: Atlas, grid: Grid, mayResample = false): Atlas {
  if (sameGrid(atlas.grid, grid)) return atlas;
  if (mayResample) {
    const labels = resample(Float32Array.from(atlas.labels), atlas.grid, grid, 'nearest');
    return { ...atlas, grid, labels: Int32Array.from(labels) };
  }
  const [its, wanted] = describeGrids(atlas.grid, grid);
  throw new InputError(
    atlas.path ?? 'atlas',
    `lies on another grid than the images: ${its}, where ${wanted} are wanted`,
    "Give --resample to bring it onto the images' grid (nearest neighbor)",
  );
}

function presentLabels(data: Float32Array, where: string): Set<number> {
  for (const value of data) {
    if (Number.isInteger(value) && Math.abs(value) <= largestExact) continue;
    throw new InputError(
      where,
      `is not a label image: it holds the value ${value}`,
      'Give an atlas of whole-numbered labels',
    );
  }
  const present = new Set(data);
  if (present.size <= bounds.labels) return present;
  throw new InputError(
    where,
    `is not a label image: it holds ${present.size} different values`,
    `Give an atlas of at most ${bounds.labels} labels`,
  );
}

function regionsOf(table: Table, present: ReadonlySet<number>, where: string) {
  const columns = valueColumns.filter((name) => table.columns.includes(name));
  const nameColumn = nameColumns.find((name) => table.columns.includes(name));
  if (columns.length === 0 || nameColumn === undefined) {
    throw new InputError(
      table.path,
      `lacks a column of ${columns.length === 0 ? 'label values' : 'region names'}`,
      wrongSeparator(table) ??
        `Name one ${(columns.length === 0 ? valueColumns : nameColumns).join(', or ')}`,
    );
  }
  const lacking = (name: string) => {
    const known = new Set(table.rows.map((row) => Number(row[name])));
    return [...present].filter((label) => label !== 0 && !known.has(label));
  };
  const column = columns.find((name) => lacking(name).length === 0);
  if (column !== undefined) return namedValues(table, column, nameColumn);
  const unknown = lacking(columns[0]).sort((a, b) => a - b);
  throw new InputError(
    where,
    `holds ${unknown.length} ${unknown.length === 1 ? 'label' : 'labels'} without a row in ${table.path}: ` +
      listed(unknown.map(String)),
    'Give the label table that belongs to this atlas',
  );
}

function namedValues(table: Table, column: string, nameColumn: string) {
  const regions: Region[] = [];
  const background = new Set([0]);
  const lines = new Map<number, number>();
  table.rows.forEach((row, i) => {
    const at = `${table.path}, line ${i + 2}`;
    const [value, name] = [Number(row[column]), row[nameColumn]];
    if (row[column] === '' || !Number.isInteger(value)) {
      throw new InputError(at, `the ${column} "${row[column]}" is not a whole number`, 'Correct it');
    }
    if (name === '') throw new InputError(at, 'the region has no name', 'Name it');
    if (lines.has(value)) {
      throw new InputError(
        at,
        `repeats the value ${value} of line ${lines.get(value)}`,
        'Give every region its own value',
      );
    }
    lines.set(value, i + 2);
    if (value === 0 || name.toLowerCase() === 'background') background.add(value);
    else regions.push({ value, name });
  });
  return { regions, background };
}

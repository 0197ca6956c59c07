import { existsSync } from 'node:fs';
import path from 'node:path';
import { readTable, type Table } from '../../../cohort/table.ts';
import type { Matrix } from '../../../report/page/data.ts';
import { attempt, type Context } from './context.ts';
import { numberOf } from './numbers.ts';
import type { Result } from './results.ts';
import type { Sealed, Shown } from './shown.ts';

/** A table of a result's folder; null where it is missing or cannot be read. */
export function tableIn(context: Context, { folder }: Result, name: string): Table | null {
  const file = path.join(folder, name);
  return existsSync(file) ? attempt(context, context.identity.file(file), () => readTable(file)) : null;
}

export interface MatrixText extends Pick<Sealed<Matrix>, 'name' | 'title' | 'caption' | 'corner'> {
  /** what rows and columns are called, in the order that an anonymous report gives them */
  readonly names: ReadonlyMap<string, Shown>;
  /** a column that holds no numbers */
  readonly without?: string;
}

/** A table of numbers by row and column. */
export function matrix(
  context: Context,
  result: Result,
  file: string,
  { names, without, ...text }: MatrixText,
): Sealed<Matrix> | null {
  const table = tableIn(context, result, file);
  if (!table) return null;
  const { name: named, anonymous } = context.identity;
  const [corner, ...columns] = table.columns.filter((column) => column !== without);
  const name = (given: string) => names.get(given) ?? named('mask', given);
  const places = new Map([...names.keys()].map((given, i) => [given, i]));
  const place = (given: string) => places.get(given) ?? names.size;
  const ordered = <T>(items: readonly T[], of: (item: T) => string): readonly T[] =>
    anonymous ? [...items].sort((a, b) => place(of(a)) - place(of(b))) : items;
  const rows = ordered(table.rows, (row) => row[corner]);
  const across = ordered(columns, (column) => column);
  return {
    ...text,
    rows: rows.map((row) => name(row[corner])),
    columns: across.map(name),
    values: rows.map((row) => across.map((column) => numberOf(row[column]))),
  };
}

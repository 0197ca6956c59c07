import path from 'node:path';
import type { Cohort, Session } from './cohort.ts';
import { formatTable, readTable } from './table.ts';

/**
 * A cohort table of some of a cohort's sessions: all columns of its table, its rows in their order, the paths made
 * relative to the folder where the new table will lie.
 *
 * @param folder of the new table
 */
export function formatSubset(cohort: Cohort, sessions: readonly Session[], folder: string): string {
  const { columns, rows } = readTable(cohort.path);
  const chosen = [...sessions].sort((a, b) => a.line - b.line);
  const base = path.resolve(folder);
  return formatTable(
    columns,
    chosen.map((session) => ({ ...rows[session.line - 2], path: path.relative(base, session.path) })),
  );
}

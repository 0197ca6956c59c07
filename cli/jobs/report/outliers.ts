import { existsSync } from 'node:fs';
import path from 'node:path';
import { readTable } from '../../../cohort/table.ts';
import type { NumberTable } from '../../../report/page/data.ts';
import { attempt, type Context } from './context.ts';
import type { FoundMask } from './masks.ts';
import { numberOf } from './numbers.ts';

/** Images whose loss under a group mask stands out, by mask; null where no mask has told. */
export function readOutliers(context: Context, masks: readonly FoundMask[]): NumberTable | null {
  const told = masks.flatMap(({ name, result }) => {
    const file = path.join(result.folder, 'outliers.tsv');
    const table = existsSync(file) ? attempt(context, file, () => readTable(file)) : null;
    return table ? [{ name, rows: table.rows }] : [];
  });
  if (told.length === 0) return null;
  return {
    name: 'outliers',
    columns: ['mask', 'participant', 'session', 'loss', 'z'],
    rows: told.flatMap(({ name, rows }) =>
      rows
        .filter(({ outlier }) => outlier === 'true')
        .map((row) => [
          name,
          context.identity.participant(row.participant_id),
          row.session_id,
          numberOf(row.loss),
          numberOf(row.z),
        ]),
    ),
  };
}

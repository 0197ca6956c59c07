import { existsSync } from 'node:fs';
import path from 'node:path';
import { readTable } from '../../../cohort/table.ts';
import type { NumberTable } from '../../../report/page/data.ts';
import { attempt, type Context } from './context.ts';
import type { FoundMask } from './masks.ts';
import { numberOf } from './numbers.ts';
import type { Sealed } from './shown.ts';

/** Images whose loss under a group mask stands out, by mask; null where no mask has told. */
export function readOutliers(context: Context, masks: readonly FoundMask[]): Sealed<NumberTable> | null {
  const { say, own, file: fileName, participant, session, anonymous } = context.identity;
  const told = masks.flatMap(({ name, result }) => {
    const file = path.join(result.folder, 'outliers.tsv');
    const table = existsSync(file) ? attempt(context, fileName(file), () => readTable(file)) : null;
    return table ? [{ name, rows: table.rows }] : [];
  });
  if (told.length === 0) return null;
  return {
    name: say`outliers`,
    columns: own('mask', 'participant', 'session', 'loss', 'z'),
    rows: told.flatMap(({ name, rows }) =>
      rows
        .filter(({ outlier }) => outlier === 'true')
        .sort((a, b) => (anonymous ? (numberOf(b.z) ?? 0) - (numberOf(a.z) ?? 0) : 0)) // of the names' order nothing stays
        .map((row) => [
          name,
          participant(row.participant_id),
          session(row.participant_id, row.session_id),
          numberOf(row.loss),
          numberOf(row.z),
        ]),
    ),
  };
}

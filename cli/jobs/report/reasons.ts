import { kindOf, type ReasonCode } from '../../../cohort/quality/reasons.ts';
import type { Table } from '../../../cohort/table.ts';
import type { Context } from './context.ts';
import type { Shown } from './shown.ts';

/** How the sentences began in check.tsv before it had the column reason_codes. */
const earlier: readonly (readonly [beginning: RegExp, code: ReasonCode])[] = [
  [/^cannot be read/, 'unreadable'],
  [/^lies on another grid/, 'grid'],
  [/^is empty/, 'empty'],
  [/^is constant/, 'constant'],
  [/^maximum \S+ is below/, 'low-maximum'],
  [/^above 1 in .* \(a modulated map\?\)/, 'modulated'],
  [/^below 0, down to/, 'negative'],
  [/^no number in/, 'nan'],
  [/^gray-matter volume stands out/, 'volume'],
  [/^unlike the cohort's mean/, 'unlike'],
  [/^gray matter where others have none/, 'outside'],
];

/** The codes of an image's reasons, from its row of the check's table; 'unknown' where an older table says something else. */
export function reasonCodes(row: Table['rows'][number]): string[] {
  if (row.reason_codes !== undefined) return row.reason_codes === 'n/a' ? [] : row.reason_codes.split(',');
  const sentences = row.reasons === 'n/a' ? [] : row.reasons.split('; ');
  return sentences.map((text) => earlier.find(([beginning]) => beginning.test(text))?.[1] ?? 'unknown');
}

/** The kinds of reasons why an image was rejected or flagged: voxmask's own words, which name no one. */
export function reasonsOf({ identity: { own } }: Context, row: Table['rows'][number]): Shown[] {
  return own(...reasonCodes(row).map((code) => kindOf(code) ?? 'another reason'));
}

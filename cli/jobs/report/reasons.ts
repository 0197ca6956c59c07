import type { Table } from '../../../cohort/table.ts';
import type { Context } from './context.ts';
import type { Shown } from './shown.ts';

/** Why the quality check rejects or flags an image (cohort/quality), numbers left out. */
const known = [
  'cannot be read',
  'lies on another grid',
  'is empty',
  'is constant',
  'maximum … is below …',
  'above … in … of the voxels (a modulated map?)',
  'below …, down to …',
  'no number in … of the voxels',
  'gray-matter volume stands out',
  "unlike the cohort's mean",
  'gray matter where others have none',
] as const;

/** A reason without its numbers and what is quoted, so that alike ones count together and none names a file. */
export function reasonIn(reason: string): string {
  return reason
    .replace(/^cannot be read:.*$/s, 'cannot be read')
    .replace(/:? z -?[\d.]+$/, '')
    .replace(/-?\d+(\.\d+)?(e-?\d+)?( %)?/g, '…')
    .trim();
}

/** A reason in words of voxmask's own, whatever stands in it. */
export function ownReason(reason: string): (typeof known)[number] | 'another reason' {
  const told = reasonIn(reason);
  return known.find((one) => told === one || told.startsWith(`${one}:`)) ?? 'another reason';
}

/** Why an image was rejected or flagged, from its row of the check's table. */
export function reasonsOf(
  { identity: { anonymous, own, message } }: Context,
  row: Table['rows'][number],
): Shown[] {
  const given = row.reasons === 'n/a' ? [] : row.reasons.split('; ');
  if (anonymous) return own(...given.map(ownReason));
  return given
    .map(reasonIn)
    .filter((reason) => reason !== '')
    .flatMap((reason) => message(reason) ?? []);
}

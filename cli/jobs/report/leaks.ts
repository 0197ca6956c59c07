import type { ReportData } from '../../../report/page/data.ts';
import { groups } from '../../../report/page/data.ts';
import type { Identity } from './identity.ts';
import type { Sealed } from './shown.ts';

/** A text got into an anonymous report on a way that does not make it anonymous: a fault of voxmask, never of the data. */
export class LeakError extends Error {
  override readonly name = 'LeakError';

  /** @param at where in the report's data; no text of them */
  constructor(at: string) {
    super(
      `the anonymous report was not written, for ${at} in it was not made anonymous. This is a bug in voxmask; nothing is ` +
        'wrong with your files. Please report it with this message alone: it holds no identifier, while the files and your ' +
        'command line may.',
    );
  }
}

/** Texts of a fixed choice in a report's data. */
const choices: ReadonlySet<string> = new Set([
  ...groups,
  ...['group', 'session', 'done', 'failed', 'missing', 'warning', 'note', 'undone'],
  ...['within participants', 'between participants', 'folds', 'runs', 'cohorts'],
]);
/** Where names stand as keys: diagnoses. All other keys are names of this program's own. */
const records = new Set(['splits.folds[].train', 'splits.folds[].validation', 'splits.folds[].likeness']);

/**
 * Requires that every text and picture of an anonymous report came from its identity. What a text says does not matter, so
 * that no name of a participant, a folder or a host can stop a report.
 *
 * @throws LeakError where one did not
 */
export function refuseLeaks(data: Sealed<ReportData>, identity: Identity): void {
  const leak = leakIn(data, '', identity);
  if (leak !== null) throw new LeakError(leak);
}

function leakIn(value: unknown, at: string, identity: Identity): string | null {
  if (typeof value === 'string') return choices.has(value) || identity.knows(value) ? null : at;
  if (value instanceof Uint8Array) return !at.endsWith('.png') || identity.knows(value) ? null : at;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  if (Array.isArray(value)) return first(value, (one) => leakIn(one, `${at}[]`, identity));
  return first(Object.entries(value), ([key, one]) => {
    if (records.has(at)) return identity.knows(key) ? leakIn(one, `${at}[]`, identity) : `a name in ${at}`;
    return leakIn(one, at === '' ? key : `${at}.${key}`, identity);
  });
}

function first<T>(values: readonly T[], leak: (value: T) => string | null): string | null {
  for (const value of values) {
    const found = leak(value);
    if (found !== null) return found;
  }
  return null;
}

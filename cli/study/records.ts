import { readFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';

/** What is known of a unit that was begun: kept beside the study, so that a killed study goes on. */
export interface UnitRecord {
  /** of the unit as it was begun */
  readonly key: string;
  readonly status: 'begun' | 'done' | 'failed';
  /** wall time, of all attempts with this key */
  readonly seconds: number;
  /** the last lines of what a failed command said */
  readonly error?: string;
}

/** Where a unit's record is, and what its command printed, relative to the study's folder. */
export function recordFiles(id: string): [record: string, printed: string] {
  const place = (end: string) => path.join('units', `${id.replaceAll('/', '.')}.${end}`);
  return [place('json'), place('txt')];
}

function recordFile(study: string, id: string): string {
  return path.join(study, recordFiles(id)[0]);
}

/** The record of a unit; null where none was written. */
export function readRecord(study: string, id: string): UnitRecord | null {
  try {
    return JSON.parse(readFileSync(recordFile(study, id), 'utf8'));
  } catch {
    return null; // never begun, or the file is of no use: then the unit is run
  }
}

/** Writes a unit's record. */
export function writeRecord(study: string, id: string, record: UnitRecord): void {
  writeFileAtomic(recordFile(study, id), `${JSON.stringify(record, null, 2)}\n`);
}

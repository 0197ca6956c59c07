import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A short name for a value, the same for equal values. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** SHA-256 of a file's bytes. */
export function fileDigest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** What tells a file from another without reading it: its name, size and time. */
export function fileStamp(file: string): readonly [string, number, number] {
  const { size, mtimeMs } = statSync(file);
  return [path.basename(file), size, Math.round(mtimeMs)];
}

import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { BuildOptions } from '../../../cohort/build/index.ts';

const root = mkdtempSync(path.join(tmpdir(), 'voxmask-places-'));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;

/** A folder with files by their paths: tables with | between cells, images as empty files, which building does not open. */
export function place(
  files: Readonly<Record<string, readonly string[]>>,
  { name = String(made++), lineEnd = '\n' } = {},
): string {
  const folder = path.join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, lines] of Object.entries(files))
    writeInto(
      path.join(folder, file),
      lines.map((line) => `${line.replaceAll('|', '\t')}${lineEnd}`).join(''),
    );
  return folder;
}

/** Makes a file, in folders that are made for it. */
export function writeInto(file: string, content: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** Makes another name of a file, in folders that are made for it. */
export function linkInto(from: string, to: string, kind: 'symbolic link' | 'hard link'): void {
  mkdirSync(path.dirname(to), { recursive: true });
  if (kind === 'hard link') linkSync(from, to);
  else symlinkSync(from, to);
}

export const optionsOf = (source: string, more: Partial<BuildOptions> = {}): BuildOptions => ({
  source,
  tables: null,
  classes: ['CN', 'AD'],
  mapping: new Map(),
  variant: [],
  unstable: 'drop',
  exclude: null,
  ...more,
});

import { type Dirent, readdirSync } from 'node:fs';
import path from 'node:path';

/** The folders below a folder whose names begin as given, by name; none where it cannot be read. */
export function foldersIn(folder: string, prefix = ''): string[] {
  return entriesIn(folder)
    .filter((entry) => !entry.isFile() && entry.name.startsWith(prefix))
    .map((entry) => path.join(folder, entry.name))
    .sort();
}

/** The files in a folder whose names end as given, by name; none where it cannot be read. Links count as files. */
export function filesIn(folder: string, ending: RegExp): string[] {
  return entriesIn(folder)
    .filter((entry) => !entry.isDirectory() && ending.test(entry.name))
    .map((entry) => path.join(folder, entry.name))
    .sort();
}

function entriesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

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
    // Hidden ones are not data: macOS puts a `._` file beside each file of a drive that is not its own.
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  } catch {
    return [];
  }
}

/** Files below a folder, by name, folder by folder; links to folders are not followed. At most so many levels and files. */
export function filesBelow(folder: string, ending: RegExp, levels = 8, most = Infinity): string[] {
  const found = filesIn(folder, ending).slice(0, most);
  if (levels === 0) return found;
  for (const entry of entriesIn(folder).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (found.length >= most) break;
    if (!entry.isDirectory()) continue;
    found.push(...filesBelow(path.join(folder, entry.name), ending, levels - 1, most - found.length));
  }
  return found;
}

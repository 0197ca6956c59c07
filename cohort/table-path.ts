import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * The file that a table's cell names, from the table's folder. Where there is none by that name, a Windows path
 * (`maps\a.nii`) and the other forms of Unicode (macOS writes an accent as a letter of its own) are tried.
 *
 * @returns an absolute path; as the cell has it where nothing is there
 */
export function pathFromTable(folder: string, cell: string): string {
  const given = path.resolve(folder, cell);
  if (existsSync(given)) return given;
  for (const text of new Set([cell, cell.replaceAll('\\', '/')])) {
    const found = sameName(path.resolve(folder, text));
    if (found !== null) return found;
  }
  return given;
}

/** A path that is there and has the same characters, in whatever form of Unicode each of its parts is written. */
function sameName(file: string): string | null {
  if (existsSync(file)) return file;
  const parent = path.dirname(file);
  if (parent === file) return null;
  const folder = sameName(parent);
  if (folder === null) return null;
  const wanted = path.basename(file).normalize();
  try {
    const name = readdirSync(folder).find((entry) => entry.normalize() === wanted);
    return name === undefined ? null : path.join(folder, name);
  } catch {
    return null; // no folder
  }
}

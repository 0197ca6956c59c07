import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A results folder, known by the sidecar in it. */
export interface Result {
  /** as "mask group" */
  readonly command: string;
  /** absolute */
  readonly folder: string;
  /** relative to the study's folder, with slashes; empty for that itself */
  readonly place: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly results: Readonly<Record<string, unknown>>;
  readonly sidecar: Sidecar;
}

/** What is read of a sidecar (docs/formats.md). */
export interface Sidecar {
  readonly argv?: readonly string[];
  readonly versions?: { readonly voxmask?: string; readonly node?: string; readonly webgpu?: string | null };
  readonly adapter?: { readonly kind?: string; readonly name?: string; readonly driver?: string } | null;
  readonly seed?: number | null;
  readonly seconds?: number;
  readonly startedAt?: string;
}

const depth = 8;
const largest = 32 * 2 ** 20; // bytes; a sidecar with more than that is none
/** Folders that hold images by the thousand, and no results. */
const passed = new Set(['images', 'caps', 'bids', 'anat', 'node_modules']);

/** All results below a folder, in the order of their names: every folder with a sidecar of a voxmask command. */
export function findResults(root: string): Result[] {
  const found: Result[] = [];
  visit(root, '', depth, found);
  return found;
}

function visit(folder: string, place: string, left: number, found: Result[]): void {
  const entries = listed(folder).sort((a, b) => (padded(a.name) < padded(b.name) ? -1 : 1));
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith('.json')) continue;
    const result = readResult(path.join(folder, entry.name), folder, place);
    if (result) found.push(result);
  }
  if (left === 0) return;
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    if (name.startsWith('.') || passed.has(name) || name.endsWith('_files')) continue;
    visit(path.join(folder, name), place === '' ? name : `${place}/${name}`, left - 1, found);
  }
}

function listed(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // not ours to read
  }
}

/** Other JSON files lie among the results too; what is no sidecar is passed over. */
function readResult(file: string, folder: string, place: string): Result | null {
  if (statSync(file).size > largest) return null;
  try {
    const content = JSON.parse(readFileSync(file, 'utf8'));
    const { command, options, results, ...sidecar } = content ?? {};
    if (typeof command !== 'string' || typeof options !== 'object' || options === null) return null;
    return { command, folder, place, options, results: results ?? {}, sidecar };
  } catch {
    return null;
  }
}

/** Fold and run from a path as `split-F/run-R`. */
export function foldAndRun(...paths: readonly unknown[]): { fold: number | null; run: number | null } {
  const numbered = (name: string) => {
    for (const one of paths) {
      const found =
        typeof one === 'string' ? new RegExp(`(?:^|[\\\\/])${name}-(\\d+)(?=[\\\\/]|$)`).exec(one) : null;
      if (found) return Number(found[1]);
    }
    return null;
  };
  return { fold: numbered('split') ?? numbered('fold'), run: numbered('run') };
}

/** Text whose numbers sort by value, so that fold 10 comes after fold 9. */
function padded(text: string): string {
  return text.replace(/\d+/g, (digits) => digits.padStart(12, '0'));
}

import { createHash } from 'node:crypto';
import path from 'node:path';
import { label } from './bids-names.ts';

/**
 * BIDS URIs of files outside a data set: `bids:NAME:path/within`, where `DatasetLinks` maps NAME to a folder, relative to
 * the data set. (BIDS, common principles, "BIDS URI".) Relative links say nothing about the machine.
 */
export class DatasetLinks {
  /** For dataset_description.json. */
  readonly links: Readonly<Record<string, string>>;
  private readonly names: ReadonlyMap<string, string>;
  private readonly out: string;

  /**
   * @param out the data set's folder
   * @param files all files that URIs are wanted of
   */
  constructor(out: string, files: readonly string[]) {
    this.out = path.resolve(out);
    const outside = files.filter((file) => !path.resolve(file).startsWith(path.resolve(out) + path.sep));
    const roots = [...new Set(outside.map(rootOf))].sort();
    this.names = new Map(roots.map((root) => [root, nameOf(root, roots, this.out)]));
    this.links = Object.fromEntries(roots.map((root) => [this.names.get(root), relative(this.out, root)]));
  }

  /** The URI of a file of the data set itself, or of one of those that are linked to. */
  of(file: string): string {
    const full = path.resolve(file);
    const own = full.startsWith(this.out + path.sep);
    const root = own ? this.out : rootOf(full);
    const steps = path.relative(root, full).split(path.sep).map(encodeURIComponent);
    return `bids:${own ? '' : this.names.get(root)}:${steps.join('/')}`;
  }
}

/** The folder that a file's data set is in: above its participant's folder (and CAPS's "subjects"), or just its own. */
function rootOf(file: string): string {
  const folder = path.dirname(path.resolve(file));
  const steps = folder.split(path.sep);
  const participant = steps.findIndex((step) => /^sub-/.test(step));
  if (participant < 1) return folder;
  const above = steps[participant - 1] === 'subjects' ? participant - 1 : participant;
  return steps.slice(0, above).join(path.sep) || path.sep;
}

/** A folder's own name, told apart by a digest of its place where several have it. */
function nameOf(root: string, roots: readonly string[], out: string): string {
  const plain = (folder: string) => label(path.basename(folder)) || 'images';
  const name = plain(root);
  if (roots.every((other) => other === root || plain(other) !== name)) return name;
  return `${name}-${createHash('sha256').update(relative(out, root)).digest('hex').slice(0, 8)}`;
}

function relative(from: string, to: string): string {
  return path.relative(from, to).replaceAll(path.sep, '/') || '.';
}

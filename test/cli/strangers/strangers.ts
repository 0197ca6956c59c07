import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** What somebody may notice of a file or a link: kind, inode, times, mode, content. Of a folder that it is there. */
export type Snapshot = ReadonlyMap<string, string>;

const records = '.voxmask';

/** All that is below a folder, but for voxmask's records; links are not followed. */
export function snapshot(root: string): Snapshot {
  const found = new Map<string, string>();
  const visit = (folder: string) => {
    for (const name of readdirSync(folder)) {
      if (name === records) continue;
      const file = path.join(folder, name);
      const stat = lstatSync(file, { bigint: true });
      const { ino, mtimeNs, ctimeNs, mode } = stat;
      const times = `inode ${ino}, modified ${mtimeNs}, changed ${ctimeNs}, mode ${mode.toString(8)}`;
      const key = path.relative(root, file);
      if (stat.isDirectory()) {
        found.set(key, 'folder');
        visit(file);
      } else if (stat.isSymbolicLink()) found.set(key, `link to ${readlinkSync(file)}, ${times}`);
      else found.set(key, `${createHash('sha256').update(readFileSync(file)).digest('hex')}, ${times}`);
    }
  };
  visit(root);
  return found;
}

/** Paths of all below a folder, records too; links are not followed, and what vanishes meanwhile is passed over. */
export function below(root: string, within = ''): string[] {
  try {
    return readdirSync(path.join(root, within), { withFileTypes: true }).flatMap((entry) => {
      const name = path.join(within, entry.name);
      return entry.isDirectory() ? [name, ...below(root, name)] : [name];
    });
  } catch {
    return [];
  }
}

/** Names of the files and links of a snapshot. */
export function filesIn(found: Snapshot): string[] {
  return [...found].filter(([, what]) => what !== 'folder').map(([name]) => name);
}

/** What of a snapshot is otherwise now, or gone. */
export function changes(before: Snapshot, root: string): string[] {
  const now = snapshot(root);
  return [...before].filter(([name, what]) => now.get(name) !== what).map(([name]) => name);
}

/** Fills a folder with what other people and programs may have in it, none of it in the way of a result. */
export function addStrangers(folder: string, outside: string): void {
  const put = (name: string, content = name) => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  for (const name of [
    'notes.txt',
    'data.part',
    '.lock',
    '.part',
    'model.safetensors.77.part',
    '.voxmask-0123abcd-1-2-3.part',
    'tpl-Other/cohort-AD/anat/tpl-Other_cohort-AD_desc-occlusion_probseg.nii.gz',
    'sub-stranger/ses-M00/anat/sub-stranger_ses-M00_T1w.nii.gz',
    'split-9/run-0/train.json',
    'groups/mine/data.tsv',
    'images/mine.nii.gz',
    'units/mine.json',
    'units/mine.txt',
  ])
    put(name);
  chmodSync(put('read-only.txt'), 0o444);
  mkdirSync(path.join(folder, 'empty'), { recursive: true });
  mkdirSync(path.join(folder, 'loop'), { recursive: true });
  symlinkSync('..', path.join(folder, 'up'));
  symlinkSync('..', path.join(folder, 'loop', 'up'));
  symlinkSync('nowhere', path.join(folder, 'broken-link'));
  symlinkSync(path.join(outside, 'file.txt'), path.join(folder, 'link-to-file'));
  symlinkSync(path.join(outside, 'folder'), path.join(folder, 'link-to-folder'));
}

/** A file and a folder with a file, for links to lead to. */
export function makeOutside(folder: string): void {
  mkdirSync(path.join(folder, 'folder'), { recursive: true });
  writeFileSync(path.join(folder, 'file.txt'), 'outside');
  writeFileSync(path.join(folder, 'folder', 'file.txt'), 'outside, too');
}

/** Ways in which somebody else's thing can be in the place of a result. */
export const inTheWay: ((file: string, outside: string) => void)[] = [
  (file) => writeFileSync(file, 'mine'),
  (file, outside) => symlinkSync(path.join(outside, 'file.txt'), file),
  (file) => mkdirSync(file),
  (file) => symlinkSync('nowhere', file),
];

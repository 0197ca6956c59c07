// What the tests of kills compare: the files of results, without what tells time, and whether a file is whole.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** All files of results below a folder, by their paths in it; without voxmask's own records. */
export function filesIn(root) {
  return everyFile(root).filter((file) => !file.split(path.sep).includes('.voxmask'));
}

/** Files half-written that processes left among the records. */
export function orphansIn(root) {
  return everyFile(root).filter((file) => file.endsWith('.part'));
}

function everyFile(root) {
  if (!existsSync(root)) return [];
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => path.relative(root, path.join(parentPath, name))).sort();
}

/** What is wrong with a file that should be whole; null where nothing is. */
export function torn(file) {
  const bytes = readFileSync(file);
  try {
    if (file.endsWith('.json')) JSON.parse(bytes.toString());
    if (file.endsWith('.jsonl'))
      bytes
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    if (/\.(tsv|json|jsonl)$/.test(file) && bytes.at(-1) !== 10) return 'it ends within a line';
    if (file.endsWith('.png') && !bytes.subarray(-8).includes('IEND')) return 'it has no end';
    if (file.endsWith('.safetensors')) {
      const start = 8 + Number(bytes.readBigUInt64LE(0));
      const { __metadata__: _, ...arrays } = JSON.parse(bytes.toString('utf8', 8, start));
      const end = Math.max(...Object.values(arrays).map(({ data_offsets: [, to] }) => to));
      if (start + end !== bytes.length) return `it has ${bytes.length} bytes, not ${start + end}`;
    }
  } catch (error) {
    return error.message;
  }
  return null;
}

const timing = new Set(
  [
    'seconds',
    'startedAt',
    'finishedAt',
    'madeAt',
    'peakBytes',
    'argv',
    'command',
    'batchSize',
    'images',
  ].concat(
    // of files, by their times; and whether a step was run again
    ['identity', 'mtimeMs', 'overwrite'],
  ),
);

/** A file's content without times, and without the path of the folder that all of it is in; null for a page. */
export function lasting(root, name) {
  const file = path.join(root, name);
  const text = () => readFileSync(file, 'utf8').replaceAll(root, 'ROOT');
  const without = (line) => JSON.stringify(line, (key, value) => (timing.has(key) ? undefined : value));
  if (/\.html$|events\.out|^units.*\.txt$/.test(name)) return null;
  if (name.endsWith('.json')) return without(JSON.parse(text()));
  if (name.endsWith('.jsonl')) return text().replace(/"images_per_second.*$/gm, '');
  if (/(training|history)\.tsv$/.test(name)) return text().replace(/\t[^\t]*\t[^\t]*$/gm, '');
  if (name.endsWith('.tsv')) return text();
  return readFileSync(file).toString('base64');
}

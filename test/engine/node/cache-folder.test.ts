import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedFolder, readCached, writeCached } from '../../../engine/node/cache-folder.ts';
import { freshFolder } from '../../../engine/node/private-folder.ts';
import { readTuning, writeTuning } from '../../../engine/node/tuning-file.ts';

const windows = process.platform === 'win32';
const isRoot = process.getuid?.() === 0;
const stranger = 54321;

const own = 'the library of the package';
const digests = { 'lib.so': createHash('sha256').update(own).digest('hex') };
const place = realpathSync(mkdtempSync(path.join(tmpdir(), 'voxmask-cache-')));
const names = ['XDG_CACHE_HOME', 'HOME', 'USERPROFILE', 'TMPDIR', 'TEMP', 'TMP'];
const before = names.map((name) => process.env[name]);

let unpacked = 0;
function* files(): Generator<readonly [string, Uint8Array]> {
  unpacked += 1;
  yield ['lib.so', Buffer.from(own)];
}
const library = () => cachedFolder('libraries', digests, files);
const contentOf = (folder: string) => readFileSync(path.join(folder, 'lib.so'), 'utf8');

/** The folder that voxmask keeps among the temporary ones. */
const inTemporary = () => path.join(process.env.TMPDIR!, `voxmask-${process.getuid?.() ?? 'user'}`);

/** Puts another library where voxmask looks for its own. */
function plant(root: string): void {
  mkdirSync(path.join(root, 'libraries'), { recursive: true, mode: 0o755 });
  writeFileSync(path.join(root, 'libraries', 'lib.so'), 'planted', { mode: 0o755 });
}

beforeEach(() => {
  unpacked = 0;
  const temporary = mkdtempSync(path.join(place, 'tmp-'));
  const home = path.join(temporary, 'no-folder');
  writeFileSync(home, ''); // no cache can be made below a file, not even by root
  delete process.env.XDG_CACHE_HOME;
  for (const name of ['HOME', 'USERPROFILE']) process.env[name] = home;
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = temporary;
});
afterEach(() => {
  names.forEach((name, i) => {
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  });
});
afterAll(() => rmSync(place, { recursive: true }));

describe.skipIf(windows)('a folder that others could have made or changed is not used', () => {
  const cases: [string, (root: string) => void][] = [
    ['it can be written by everybody', (root) => chmodSync(root, 0o777)],
    ['it can be written by a group', (root) => chmodSync(root, 0o770)],
    [
      'it is a symbolic link',
      (root) => {
        rmSync(root, { recursive: true });
        plant(`${root}-elsewhere`);
        symlinkSync(`${root}-elsewhere`, root);
      },
    ],
    ['the folder above can be written by everybody', (root) => chmodSync(path.dirname(root), 0o777)],
  ];

  it.each(cases)('%s', (_, spoil) => {
    process.env.XDG_CACHE_HOME = path.join(process.env.TMPDIR!, 'cache');
    const root = path.join(process.env.XDG_CACHE_HOME, 'voxmask');
    plant(root);
    chmodSync(root, 0o700);
    writeFileSync(path.join(root, 'note'), 'planted', { mode: 0o600 });
    expect(readCached('note')!.content.toString()).toBe('planted'); // sound so far
    spoil(root);
    const folder = library();
    expect(contentOf(folder)).toBe(own);
    expect(folder.startsWith(root)).toBe(false);
    writeFileSync(path.join(root, 'note'), 'planted', { mode: 0o600 });
    const why: string[] = [];
    expect(readCached('note', (reason) => why.push(reason))).toBeNull();
    expect(why.join()).toMatch(/note is not used: .* (can be written by others|is a symbolic link)/);
  });

  it.skipIf(!isRoot)('another user made it among the temporary ones (only root can set this up)', () => {
    const root = inTemporary();
    plant(root);
    writeFileSync(path.join(root, 'note'), 'planted');
    for (const made of ['', 'libraries', 'libraries/lib.so', 'note'])
      chownSync(path.join(root, made), stranger, stranger);
    const folder = library();
    expect(contentOf(folder)).toBe(own);
    expect(folder.startsWith(root)).toBe(false);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readCached('note')).toBeNull();
    expect(() => writeCached('note', 'own')).toThrow(/belongs to another user .*Set XDG_CACHE_HOME/);
  });

  it.skipIf(!isRoot)("the file alone is another user's (only root can set this up)", () => {
    const file = writeCached('note', 'own');
    expect(readCached('note')!.path).toBe(file);
    chownSync(file, stranger, stranger);
    expect(readCached('note')).toBeNull();
  });

  it('a file in it is a symbolic link', () => {
    const root = inTemporary();
    writeCached('other', 'planted');
    symlinkSync('other', path.join(root, 'note'));
    expect(readCached('note')).toBeNull();
  });

  it('there is no folder that others cannot change: that is an error', () => {
    chmodSync(process.env.TMPDIR!, 0o777);
    expect(() => freshFolder()).toThrow(/can be written by others \(mode 777\)/);
    chmodSync(process.env.TMPDIR!, 0o1777); // as /tmp
    expect(existsSync(freshFolder())).toBe(true);
  });

  it('a tuning in it is not used, and that is said', () => {
    const adapter = { name: 'a', driver: 'b' };
    const tuning = { weightLanes: 1, productVoxels: 2, tiles: 3, parallelGroups: 4 };
    const file = writeTuning(adapter, tuning);
    expect(readTuning(adapter)).toEqual(tuning);
    chmodSync(file, 0o666);
    const why: string[] = [];
    expect(readTuning(adapter, (reason) => why.push(reason))).toBeNull();
    expect(why).toEqual([`${file} is not used: ${file} can be written by others (mode 666).`]);
  });
});

it('unpacks a library once, and again when it is not the one that it should be', () => {
  const folder = library();
  expect([library(), contentOf(folder), unpacked]).toEqual([folder, own, 1]);
  expect(folder.startsWith(inTemporary())).toBe(true);
  writeFileSync(path.join(folder, 'lib.so'), 'damaged');
  expect([library(), contentOf(folder), unpacked]).toEqual([folder, own, 2]);
  expect(readdirSync(path.dirname(folder))).toEqual(['libraries']);
});

it('unpacks a library whose digest is not known for this process alone', () => {
  const folder = library();
  const alone = cachedFolder('libraries', null, files);
  expect(alone).not.toBe(folder);
  expect(contentOf(alone)).toBe(own);
});

it('makes the same when the files are not those of the digests', () => {
  const folder = cachedFolder('libraries', { 'lib.so': 'f'.repeat(64) }, files);
  expect(contentOf(folder)).toBe(own);
  expect(folder.startsWith(inTemporary())).toBe(false);
});

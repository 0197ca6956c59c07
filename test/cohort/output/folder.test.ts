import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../../cohort/error.ts';
import { removeFile, writeFileAtomic } from '../../../cohort/files.ts';
import { OutputFolder } from '../../../cohort/output/folder.ts';
import { tagOf, thisProcess } from '../../../cohort/output/process.ts';
import { temporaryFolder } from '../raw-nifti.ts';

/** Calls of the file system that write; the one at which `failAt` comes to 0 fails, and all after it: the disk is full. */
const disk = vi.hoisted(() => ({ failAt: Number.POSITIVE_INFINITY }));
/** Bytes that the disk has room for; `writeSync` writes what fits and says how much that was, as the system does. */
const room = vi.hoisted(() => ({ bytes: Number.POSITIVE_INFINITY }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const full = <F extends (...args: never[]) => unknown>(call: F) =>
    ((...args: Parameters<F>) => {
      if (--disk.failAt < 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
      return call(...args);
    }) as F;
  const short = (descriptor: number, bytes: Uint8Array, offset = 0) => {
    const length = Math.min(bytes.length - offset, room.bytes);
    if (length === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
    room.bytes -= length;
    return fs.writeSync(descriptor, bytes, offset, length);
  };
  const { renameSync, mkdirSync, linkSync } = fs;
  return {
    ...fs,
    writeSync: full(short as never),
    renameSync: full(renameSync),
    mkdirSync: full(mkdirSync as never),
    linkSync: full(linkSync),
  };
});

const base = temporaryFolder();
let count = 0;
const fresh = () => path.join(base, `results-${++count}`);
const plain = { by: 'mask group', overwrite: false };

/** Opens a folder, works in it, and closes it. */
function within<T>(root: string, work: (output: OutputFolder) => T, options: object = {}): T {
  const output = OutputFolder.open(root, { ...plain, ...options });
  try {
    return work(output);
  } finally {
    output.close();
  }
}

const write = (root: string, name: string, content: string, options: object = {}) =>
  within(root, () => writeFileAtomic(path.join(root, name), content), options);

/** Everything below a folder that is not among voxmask's records: bytes, inode, time of change. */
function snapshot(root: string): Record<string, unknown> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !file.includes('/.voxmask'))
      .map((file) => {
        const { ino, mtimeMs, ctimeMs } = lstatSync(file);
        const stat = lstatSync(file);
        const content = stat.isSymbolicLink()
          ? readlinkSync(file)
          : stat.isFile()
            ? readFileSync(file, 'utf8')
            : '/';
        return [path.relative(root, file), stat.isDirectory() ? '/' : [content, ino, mtimeMs, ctimeMs]];
      }),
  );
}

describe('OutputFolder', () => {
  it('replaces what it wrote, also after it was closed', () => {
    const root = fresh();
    write(root, 'a/b.tsv', 'one');
    write(root, 'a/b.tsv', 'two');
    expect(readFileSync(path.join(root, 'a/b.tsv'), 'utf8')).toBe('two');
    within(root, () => removeFile(path.join(root, 'a/b.tsv')));
    expect(existsSync(path.join(root, 'a/b.tsv'))).toBe(false);
  });

  it('neither replaces nor removes what somebody else wrote, even to overwrite', () => {
    const root = fresh();
    mkdirSync(path.join(root, 'folder.tsv'), { recursive: true });
    writeFileSync(path.join(root, 'mask.tsv'), 'theirs');
    symlinkSync(path.join(base, 'nowhere'), path.join(root, 'link.tsv'));
    const before = snapshot(root);
    for (const overwrite of [false, true]) {
      for (const name of ['mask.tsv', 'folder.tsv', 'link.tsv']) {
        const file = path.join(root, name);
        const refusal = `${file}: is in the way: it is not in the list of files that voxmask wrote here. Move it`;
        for (const act of [() => writeFileAtomic(file, 'ours'), () => removeFile(file)])
          expect(() => within(root, act, { overwrite })).toThrow(refusal);
        expect(() => within(root, (output) => output.require([name]), { overwrite })).toThrow(refusal);
      }
      within(root, (output) => output.removeAll(), { overwrite });
    }
    expect(snapshot(root)).toEqual(before);
  });

  it('replaces what was changed, or is of another command, only to overwrite', () => {
    const root = fresh();
    write(root, 'a.tsv', 'one');
    appendFileSync(path.join(root, 'a.tsv'), ' and a note');
    expect(() => write(root, 'a.tsv', 'two')).toThrow(
      /a\.tsv: has been changed since voxmask wrote it\. Move it, choose/,
    );
    expect(() => within(root, (output) => output.removeAll())).toThrow('has been changed');
    write(root, 'a.tsv', 'two', { overwrite: true });
    expect(() => write(root, 'a.tsv', 'three', { by: 'regions' })).toThrow(
      /a\.tsv: is a result of "voxmask mask group"\. Choose another folder, or give --overwrite to replace it\./,
    );
    expect(() => write(root, 'a.tsv', 'three', { by: 'study', overwrite: null })).toThrow(
      /group"\. Choose another folder\.$/,
    );
    write(root, 'a.tsv', 'three', { by: 'regions', overwrite: true });
    within(root, (output) => output.removeAll()); // nothing is the first command's now
    expect(readFileSync(path.join(root, 'a.tsv'), 'utf8')).toBe('three');
  });

  it('removes all of a command and the folders that are empty then, and nothing else', () => {
    const root = fresh();
    for (const name of ['tpl-a/x.nii', 'tpl-a/b/y.nii', 'deep/er/z.tsv', 'keep.bin']) write(root, name, name);
    write(root, 'other.tsv', 'other', { by: 'regions' });
    writeFileSync(path.join(root, 'tpl-a', 'theirs.txt'), 'theirs');
    mkdirSync(path.join(root, 'tpl-theirs'));
    within(root, (output) => output.removeAll({ keep: ['keep.bin'] }));
    expect(Object.keys(snapshot(root)).sort()).toEqual([
      'keep.bin',
      'other.tsv',
      'tpl-a',
      'tpl-a/theirs.txt',
      'tpl-theirs',
    ]);
  });

  it('writes nothing through a link', () => {
    const [root, outside] = [fresh(), fresh()];
    mkdirSync(root);
    mkdirSync(outside);
    symlinkSync(outside, path.join(root, 'anat'));
    symlinkSync('..', path.join(root, 'up'));
    for (const name of ['anat/x.nii', 'up/up/x.nii']) {
      expect(() => write(root, name, 'x')).toThrow(/is a link, and nothing is written through it/);
      expect(() => within(root, (output) => output.require([name]))).toThrow('is a link');
    }
    expect(readdirSync(outside)).toEqual([]);
    const linked = fresh();
    mkdirSync(linked);
    symlinkSync(outside, path.join(linked, '.voxmask'));
    expect(() => write(linked, 'x', 'x')).toThrow(/\.voxmask: is not a folder of voxmask/);
    expect(readdirSync(outside)).toEqual([]);
  });

  it('opens no folder behind a link in a folder that is open', () => {
    const root = fresh();
    const elsewhere = fresh();
    mkdirSync(root);
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, path.join(root, 'part'));
    const refusal = `${path.join(root, 'part')}: is a link, and nothing is written through it`;
    within(root, () => {
      for (const name of ['part', 'part/of/it']) {
        expect(() => OutputFolder.open(path.join(root, name), plain)).toThrow(refusal);
        expect(() => OutputFolder.view(path.join(root, name), plain)).toThrow(refusal);
      }
    });
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('looks at a folder before it is opened, and makes nothing there', () => {
    const root = fresh();
    OutputFolder.view(root, plain).require(['a.tsv']);
    expect(existsSync(root)).toBe(false);
    write(root, 'a.tsv', 'ours');
    writeFileSync(path.join(root, 'b.tsv'), 'theirs');
    const view = OutputFolder.view(root, plain);
    view.require(['a.tsv']);
    expect(() => view.require(['a.tsv'], 'a.tsv')).toThrow('contains a.tsv already');
    expect(() => view.require(['b.tsv'], 'b.tsv')).toThrow('b.tsv: is in the way');
    appendFileSync(path.join(root, 'a.tsv'), '!');
    view.requireOurs(['a.tsv']);
    expect(() => view.require(['a.tsv'])).toThrow('has been changed');
    expect(() => view.requireOurs(['b.tsv'])).toThrow('b.tsv: is in the way');
  });

  it('removes what is its own and leaves what has taken the place of it', () => {
    const root = fresh();
    for (const name of ['a.tsv', 'b.tsv', 'c/d.tsv', 'e/f.tsv']) write(root, name, name);
    rmSync(path.join(root, 'b.tsv'));
    mkdirSync(path.join(root, 'b.tsv'));
    renameSync(path.join(root, 'c'), path.join(root, 'moved'));
    symlinkSync('moved', path.join(root, 'c'));
    within(root, (output) => output.removeAll({ direct: true }));
    expect(readdirSync(root).sort()).toEqual(['.voxmask', 'b.tsv', 'c', 'e', 'moved']);
    within(root, (output) => output.removeAll());
    expect(readdirSync(root).sort()).toEqual(['.voxmask', 'b.tsv', 'c', 'moved']);
    expect(readFileSync(path.join(root, 'moved', 'd.tsv'), 'utf8')).toBe('c/d.tsv');
  });

  it('removes results of the commands that it is asked to, without overwriting', () => {
    const root = fresh();
    write(root, 'a.tsv', 'a', { by: 'evaluate' });
    within(root, (output) => output.removeAll({ by: ['train', 'evaluate'] }), { by: 'train' });
    expect(existsSync(path.join(root, 'a.tsv'))).toBe(false);
  });

  it('takes nothing of somebody else for its records', () => {
    const theirs = path.join(base, 'theirs.txt');
    writeFileSync(theirs, 'theirs');
    const made: ((records: string) => void)[] = [
      (records) => symlinkSync(theirs, path.join(records, 'files.jsonl')),
      (records) => writeFileSync(path.join(records, 'files.jsonl'), 'my list\n'),
      (records) => mkdirSync(path.join(records, 'files.jsonl')),
      (records) => symlinkSync(path.join(base, 'nowhere'), path.join(records, 'lock')),
      (records) => mkdirSync(path.join(records, 'lock')),
    ];
    for (const make of made) {
      const root = fresh();
      mkdirSync(path.join(root, '.voxmask'), { recursive: true });
      make(path.join(root, '.voxmask'));
      const before = readdirSync(root, { recursive: true });
      expect(() => write(root, 'a.tsv', 'ours')).toThrow(/is not a (lock|list of files) of voxmask/);
      expect(readdirSync(root, { recursive: true })).toEqual(before);
    }
    expect(readFileSync(theirs, 'utf8')).toBe('theirs');
    const root = fresh();
    write(root, 'a.tsv', 'ours');
    symlinkSync(theirs, path.join(root, '.voxmask', 'progress'));
    expect(() => within(root, (output) => output.record('progress'))).toThrow('is in the way');
  });

  it('says in one sentence why a folder cannot be made, and leaves none of those above it', () => {
    const root = fresh();
    mkdirSync(root);
    symlinkSync('nowhere', path.join(root, 'link'));
    const long = 'x'.repeat(300);
    for (const [name, why] of [
      ['link/a', /link: is a link that leads nowhere/],
      [`new/${long}`, /the name is too long/],
      [`${long}/a`, /the name is too long/],
    ] as const) {
      expect(() => OutputFolder.open(path.join(root, name), plain)).toThrow(why);
      expect(() => OutputFolder.open(path.join(root, name), plain)).toThrow(InputError);
    }
    expect(readdirSync(root)).toEqual(['link']);
  });

  it.skipIf(!existsSync('/proc/self'))(
    'ends where the system makes no folder and says that one above it is missing',
    () => {
      expect(() => OutputFolder.open('/proc/none', plain)).toThrow(InputError);
      expect(() => writeFileAtomic('/proc/none/file', '')).toThrow(InputError);
    },
  );

  it('removes temporary files of processes that ended, and no others', () => {
    const root = fresh();
    write(root, 'a.tsv', 'a');
    const records = path.join(root, '.voxmask');
    const gone = tagOf({ ...thisProcess(), pid: 2 ** 22 + 1, started: '5' });
    const elsewhere = tagOf({ ...thisProcess(), boot: 'another' });
    const names = (tag: string) => `.voxmask-${tag}-1.part`;
    const theirs = ['x.part', `${names(gone)}.txt`, `a${names(gone)}`];
    for (const name of [names(gone), names(elsewhere), names(tagOf(thisProcess())), ...theirs])
      writeFileSync(path.join(records, name), 'half');
    writeFileSync(path.join(root, names(gone)), 'not among the records');
    within(root, () => {});
    expect(readdirSync(records).sort()).toEqual(
      [names(elsewhere), names(tagOf(thisProcess())), ...theirs, 'files.jsonl'].sort(),
    );
    expect(existsSync(path.join(root, names(gone)))).toBe(true);
  });

  it('makes no folder where nothing was written', () => {
    const root = path.join(fresh(), 'deep', 'er');
    within(root, () => {});
    expect(existsSync(path.dirname(path.dirname(root)))).toBe(false);
  });

  it('passes over a line of the list that was cut short', () => {
    const root = fresh();
    write(root, 'a.tsv', 'a');
    appendFileSync(path.join(root, '.voxmask', 'files.jsonl'), '{"file":"b.t');
    write(root, 'c.tsv', 'c');
    for (const name of ['a.tsv', 'c.tsv']) write(root, name, 'again');
    expect(() => {
      appendFileSync(path.join(root, '.voxmask', 'files.jsonl'), '{"voxmask":"files","format":2}\n');
      write(root, 'a.tsv', 'a');
    }).toThrow(/has format 2, which this version does not know\. Update voxmask/);
  });

  it('keeps no name of a file that is gone, nor earlier contents', () => {
    const root = fresh();
    for (const text of ['one', 'two']) write(root, 'a.tsv', text);
    write(root, 'sub-Anna.tsv', 'x');
    within(root, () => removeFile(path.join(root, 'sub-Anna.tsv')));
    const list = readFileSync(path.join(root, '.voxmask', 'files.jsonl'), 'utf8');
    expect(list.trimEnd().split('\n')).toHaveLength(2);
    expect(list).not.toContain('Anna');
    write(root, 'a.tsv', 'three');
    expect(() => write(root, 'a.tsv', 'four', { by: 'regions' })).toThrow('is a result of');
  });

  it('is listed by the innermost of several open folders', () => {
    const root = fresh();
    within(root, () => write(path.join(root, 'inner'), 'a.tsv', 'a', { by: 'train' }), { by: 'study' });
    expect(readFileSync(path.join(root, 'inner', '.voxmask', 'files.jsonl'), 'utf8')).toContain(
      '"file":"a.tsv","by":"train"',
    );
    expect(existsSync(path.join(root, '.voxmask'))).toBe(false);
  });

  it('on a disk that is full at any moment keeps every file whole, and goes on once there is room', () => {
    const names = ['a.tsv', 'b/c.tsv', 'b/d.tsv'];
    const content = fc.array(fc.tuple(fc.constantFrom(...names), fc.string()), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(content, fc.nat(30), (writes, failAt) => {
        const root = fresh();
        write(root, 'a.tsv', 'before');
        const written: Record<string, string[]> = { 'a.tsv': ['before'] };
        disk.failAt = failAt;
        try {
          within(root, () => {
            for (const [name, text] of writes) {
              written[name] = [...(written[name] ?? []), text];
              writeFileAtomic(path.join(root, name), text);
            }
          });
        } catch (error) {
          expect(String(error)).toMatch(/cannot be written: the disk is full/);
        }
        disk.failAt = Number.POSITIVE_INFINITY;
        for (const name of names) {
          if (!existsSync(path.join(root, name))) continue;
          expect(written[name]?.slice(-2)).toContain(readFileSync(path.join(root, name), 'utf8'));
        }
        expect(readdirSync(path.join(root, '.voxmask'))).toEqual(['files.jsonl']);
        for (const [name, text] of writes) write(root, name, text); // all that is there is known as its own
      }),
      { numRuns: 60 },
    );
  });

  it('lists a file before it is there, also where the disk has room for a part of the line only', () => {
    for (let bytes = 0; bytes < 200; bytes += 7) {
      const root = fresh();
      room.bytes = bytes;
      try {
        expect(() => write(root, 'a.tsv', 'a'.repeat(100))).toThrow('the disk is full');
      } finally {
        room.bytes = Number.POSITIVE_INFINITY;
      }
      for (const content of ['new', 'newer']) write(root, 'a.tsv', content);
      expect(readFileSync(path.join(root, 'a.tsv'), 'utf8')).toBe('newer');
    }
  });

  it('keeps every stranger through any writing and removing', () => {
    const name = fc.constantFrom('a', 'b', 'tpl-x/a', 'tpl-x/b', 'deep/er/c');
    const act = fc.record({
      kind: fc.constantFrom('write', 'remove', 'all', 'theirs'),
      name,
      text: fc.string(),
      overwrite: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 15 }), (acts) => {
        const root = fresh();
        mkdirSync(root);
        const theirs = new Map<string, string>();
        for (const { kind, name: file, text, overwrite } of acts) {
          const at = path.join(root, file);
          try {
            if (kind === 'theirs') {
              if (existsSync(at)) continue;
              mkdirSync(path.dirname(at), { recursive: true });
              writeFileSync(at, text);
              theirs.set(file, text);
            } else
              within(
                root,
                (output) => {
                  if (kind === 'write') writeFileAtomic(at, text);
                  else if (kind === 'remove') removeFile(at);
                  else output.removeAll();
                },
                { overwrite },
              );
          } catch (error) {
            expect(String(error)).toContain('is in the way');
            // What happens to have the bytes that voxmask once wrote under that name cannot be known from it.
          }
          for (const [their, content] of theirs) {
            if (!existsSync(path.join(root, their))) throw new Error(`${their} is gone`);
            expect(readFileSync(path.join(root, their), 'utf8')).toBe(content);
          }
        }
      }),
      { numRuns: 80 },
    );
  });
});

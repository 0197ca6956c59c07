import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { tagOf, thisProcess } from '../../cohort/output/process.ts';
import { put, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();
const root = process.getuid?.() === 0;

describe('writeFileAtomic', () => {
  it('makes missing folders, replaces the whole file, and leaves nothing beside it', () => {
    const file = path.join(folder, 'deep', 'er', 'file.txt');
    writeFileAtomic(file, 'a long text, longer than the next');
    writeFileAtomic(file, 'short é');
    expect(readFileSync(file, 'utf8')).toBe('short é');
    writeFileAtomic(file, Uint8Array.of(1, 2, 255));
    expect([...readFileSync(file)]).toEqual([1, 2, 255]);
    writeFileAtomic(file, '');
    expect(readFileSync(file)).toHaveLength(0);
    expect(readdirSync(path.dirname(file))).toEqual(['file.txt']);
  });

  it('removes what a process that ended has left half-written beside, and nothing else', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const dead = `.voxmask-${tagOf({ ...thisProcess(), pid, started: '1' })}-1.part`;
    const theirs = ['.voxmask-0123abcd-1-2-3.part', `.voxmask-${tagOf(thisProcess())}-0.part`, 'data.part'];
    const beside = path.join(folder, 'beside');
    mkdirSync(beside);
    for (const name of [dead, ...theirs]) put(beside, name, name);
    writeFileAtomic(path.join(beside, 'file.txt'), 'text');
    expect(readdirSync(beside).sort()).toEqual([...theirs, 'file.txt'].sort());
  });

  it('says so when a folder stands there, and leaves nothing beside it', () => {
    const place = path.join(folder, 'taken');
    mkdirSync(place);
    expect(() => writeFileAtomic(place, 'text')).toThrow(/taken: cannot be written: a folder stands/);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('says so when a part of the path is a file', () => {
    const file = put(folder, 'file', 'text');
    for (const below of [path.join(file, 'x'), path.join(file, 'x', 'y')]) {
      expect(() => writeFileAtomic(below, 'text')).toThrow(InputError);
    }
    expect(readFileSync(file, 'utf8')).toBe('text');
  });

  it.skipIf(root)('says so when the folder may not be written (skipped for root, who may)', () => {
    const locked = path.join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o555);
    expect(() => writeFileAtomic(path.join(locked, 'x'), 'text')).toThrow(/permission denied/);
    chmodSync(locked, 0o755);
    expect(existsSync(path.join(locked, 'x'))).toBe(false);
  });
});

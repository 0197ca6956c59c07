import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { readUnpacked } from '../../cohort/nifti-file.ts';
import { readInput, readInputJson, readInputText, requireFolder } from '../../cohort/read-file.ts';
import { readError, systemError, writeError } from '../../cohort/system-error.ts';
import { readTable } from '../../cohort/table.ts';
import { put, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();
const at = (name: string) => path.join(folder, name);

/** An error as Node makes it of a failed call of the operating system. */
function failed(code: string, syscall: string, file?: string): NodeJS.ErrnoException {
  const message = `${code}: failed, ${syscall} '${file}'`;
  return Object.assign(new Error(message), { code, syscall, errno: -1, ...(file && { path: file }) });
}

/** All that Linux and macOS report of files. */
const codes =
  'E2BIG EACCES EAGAIN EBADF EBUSY EDQUOT EEXIST EFBIG EINVAL EIO EISDIR ELOOP EMFILE EMLINK ENAMETOOLONG ENFILE ENODEV ENOENT ENOMEM ENOSPC ENOTCONN ENOTDIR ENOTEMPTY ENXIO EPERM EROFS ESTALE ETIMEDOUT ETXTBSY EXDEV'.split(
    ' ',
  );

describe('an error of the operating system', () => {
  it.each(codes)('is one sentence: %s', (code) => {
    for (const error of [
      writeError('out/mask.nii', failed(code, 'open')),
      readError('out/mask.nii', failed(code, 'open')),
      systemError(failed(code, 'open', 'out/mask.nii')),
      systemError(failed(code, 'mkdir', 'out/mask.nii')),
    ]) {
      expect(error).toBeInstanceOf(InputError);
      const { message } = error as InputError;
      expect(message).toMatch(/^out\/mask\.nii: \S.*\. [A-Z].*\.$/);
      expect(message).not.toContain('\n');
    }
  });

  it('says whether a file was read or written', () => {
    const told = (code: string, syscall: string) =>
      (systemError(failed(code, syscall, 'f')) as Error).message;
    expect(told('EROFS', 'open')).toMatch(/^f: cannot be written: the file system is read-only/);
    expect(told('ENOENT', 'mkdir')).toMatch(/^f: cannot be written: its folder does not exist/);
    expect(told('EACCES', 'scandir')).toMatch(/^f: cannot be read: permission denied/);
    expect(told('EACCES', 'open')).toMatch(/^f: cannot be opened: permission denied/);
    expect(told('ENOENT', 'uv_cwd')).toMatch(/^the working folder: does not exist any more/);
  });

  it('is told from a fault of the program', () => {
    expect(systemError(new TypeError('x is undefined'))).toBeNull();
    expect(systemError(Object.assign(new Error('bad'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBeNull();
    const bug = new TypeError('x is undefined');
    expect(writeError('f', bug)).toBe(bug);
    expect(readError('f', bug)).toBe(bug);
  });
});

const long = 'n'.repeat(300);

it('refuses what cannot be read, each with its reason', () => {
  symlinkSync(at('circle'), at('circle'));
  put(folder, 'file', 'text');
  for (const [file, reason] of [
    [at('absent'), /absent: does not exist\. Check the path\./],
    [at('file/below'), /below: does not exist: a part of the path is a file/],
    [folder, /: is a folder\. Give the path of a file\./],
    [at(long), /cannot be read: the name is too long/],
    [at('circle'), /cannot be read: its symbolic links lead in a circle/],
    ['/dev/null', /is a device\. Give the path of a file\./],
  ] as const)
    for (const read of [
      readInput,
      readTable,
      (name: string) => readInputText(name, ''),
      (name: string) => readInputJson(name, ''),
    ]) {
      expect(() => read(file)).toThrow(InputError);
      expect(() => read(file)).toThrow(reason);
    }
  expect(() => readUnpacked('/dev/zero', 10)).toThrow(/is a device/);
});

it('does not wait at a pipe that nobody writes', () => {
  execFileSync('mkfifo', [at('pipe.tsv')]);
  for (const read of [readInput, readTable, (file: string) => readUnpacked(file, 10)])
    expect(() => read(at('pipe.tsv'))).toThrow(/pipe\.tsv: is a pipe\. Give the path of a file\./);
});

it('names what stands where a folder is meant', () => {
  put(folder, 'file', 'text');
  execFileSync('mkfifo', [at('pipe')]);
  for (const [place, reason] of [
    [at('nowhere'), 'does not exist'],
    [at('file'), 'is a file, not a folder'],
    [at('file/below'), 'does not exist: a part of the path is a file'],
    [at('pipe'), 'is a pipe, not a folder'],
    ['/dev/null', 'is a device, not a folder'],
    [at(long), 'cannot be read: the name is too long'],
  ])
    expect(() => requireFolder(place, 'Give a study')).toThrow(
      new InputError(place, reason, 'Give a study').message,
    );
  requireFolder(folder, 'Give a study');
});

it.runIf(process.platform === 'linux')('blames no disk for files of the kernel', () => {
  const { message } = readError('/proc/self/mem', failed('EIO', 'read')) as Error;
  expect(message).toBe('/proc/self/mem: cannot be read: it is a device. Give the path of a file.');
});

it('refuses a JSON file that is no object', () => {
  for (const text of ['null', '3', '[1]', '"a"'])
    expect(() => readInputJson(put(folder, 'j.json', text), 'Give another')).toThrow(
      /is JSON, but not an object\. Give another\./,
    );
  expect(() => readInputJson(put(folder, 'j.json', '{'), 'Give another')).toThrow(
    /j\.json: is not JSON: .*\. Give another\./,
  );
});

it('says why a file cannot be written, and leaves nothing', () => {
  const place = mkdtempSync(at('write-'));
  mkdirSync(path.join(place, 'taken'));
  for (const [file, reason] of [
    [path.join(place, long), /the name is too long/],
    ['/proc/none/x.txt', /its folder does not exist and cannot be made|permission denied/],
    [path.join(place, 'taken'), /a folder stands where the file should go/],
  ] as const) {
    expect(() => writeFileAtomic(file, 'text')).toThrow(InputError);
    expect(() => writeFileAtomic(file, 'text')).toThrow(reason);
  }
  expect(readdirSync(place)).toEqual(['taken']);
});

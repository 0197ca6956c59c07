import { InputError } from './error.ts';

type Reason = readonly [what: string, fix: string];

const elsewhere = 'Choose another output folder';
const space = 'Free some space, or choose another output folder';

/** Why the operating system would not write a file, by the code of its error. */
const writeReasons: Readonly<Record<string, Reason>> = {
  ENOSPC: ['the disk is full', space],
  EDQUOT: ['the disk quota is used up', space],
  EFBIG: ['the file is larger than the file system allows', elsewhere],
  EACCES: ['permission denied', 'Choose an output folder that you may write to'],
  EPERM: ['permission denied', 'Choose an output folder that you may write to'],
  EROFS: ['the file system is read-only', elsewhere],
  ENOENT: ['its folder does not exist and cannot be made', elsewhere],
  ENOTDIR: ['a part of the path is a file', elsewhere],
  EEXIST: ['a part of the path is a file', elsewhere], // mkdir says it so
  EISDIR: ['a folder stands where the file should go', 'Choose another output path'],
  ENOTEMPTY: ['a folder stands where the file should go', 'Choose another output path'],
  EBUSY: ['it is in use by the system', elsewhere],
  ETXTBSY: ['it is a program that is running', 'Choose another output path'],
  ENODEV: ['the place is a device', elsewhere],
  ENXIO: ['the place is a device or a pipe', elsewhere],
};

/** Why it would not read one. */
const readReasons: Readonly<Record<string, Reason>> = {
  ENOENT: ['does not exist', 'Check the path'],
  ENOTDIR: ['does not exist: a part of the path is a file', 'Check the path'],
  EISDIR: ['is a folder', 'Give the path of a file'],
  EACCES: ['cannot be read: permission denied', 'Ask for permission to read it, or give another file'],
  EPERM: ['cannot be read: permission denied', 'Ask for permission to read it, or give another file'],
  EBUSY: ['cannot be read: it is in use by the system', 'Try again, or copy it elsewhere'],
  ENXIO: ['cannot be read: it is a device or a pipe', 'Give the path of a file'],
  ENODEV: ['cannot be read: it is a device', 'Give the path of a file'],
  ERR_FS_FILE_TOO_LARGE: ['cannot be read: it is larger than 2 GiB', 'Give a smaller file'],
};

/** What is the same for both. */
const sharedReasons: Readonly<Record<string, Reason>> = {
  ENAMETOOLONG: ['the name is too long', 'Choose a shorter path'],
  ELOOP: ['its symbolic links lead in a circle', 'Mend the links'],
  EMFILE: ['too many files are open', 'Close other programs, or raise the limit (ulimit -n)'],
  ENFILE: ['too many files are open', 'Close other programs, or raise the limit (ulimit -n)'],
  EIO: ['the disk reported an error', 'Check the disk, or copy the data to another one'],
  ENOMEM: ['the memory is used up', 'Close other programs'],
  ESTALE: ['the network drive has lost it', 'Try again once the drive is back'],
  ETIMEDOUT: ['the network drive does not answer', 'Try again once the drive is back'],
  ENOTCONN: ['the network drive is not connected', 'Try again once the drive is back'],
  EINVAL: ['the file system does not allow it', 'Choose another path'],
  EILSEQ: ['the file system does not allow this name', 'Choose another path'],
};

/**
 * The error of a failed write as one sentence for the user.
 *
 * @param file what was to be written
 * @returns an InputError; anything that is no error of the operating system comes back as it is
 */
export function writeError(file: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === null) return error;
  const [what, fix] = writeReasons[code] ?? sharedReasons[code] ?? [`the system says ${code}`, elsewhere];
  return new InputError(file, `cannot be written: ${what}`, fix);
}

/** The same of a failed read. */
export function readError(file: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === null) return error;
  // files of the kernel are none of a disk, though they look so
  const known = code === 'EIO' && /^\/(proc|sys)\//.test(file) ? readReasons.ENODEV : readReasons[code];
  if (known) return new InputError(file, ...known);
  const [what, fix] = sharedReasons[code] ?? [`the system says ${code}`, 'Check the file'];
  return new InputError(file, `cannot be read: ${what}`, fix);
}

/**
 * An error of the operating system that nobody turned into a sentence, as one.
 *
 * @returns null for any other error
 */
export function systemError(error: unknown): unknown {
  const code = systemCode(error);
  if (code === null) return null;
  const { path, dest, syscall = '' } = error as NodeJS.ErrnoException & { dest?: string };
  const place = dest ?? path;
  if (syscall === 'uv_cwd')
    return new InputError('the working folder', 'does not exist any more', 'Change to another');
  if (place === undefined)
    return new InputError(
      'the operating system',
      `refuses ${syscall} (${code})`,
      'Check the disk and the limits of this account',
    );
  const writes =
    /^(mkdir|mkdtemp|write|rename|unlink|rm|rmdir|copyfile|link|symlink|ftruncate|fsync|chmod|utime)/.test(
      syscall,
    );
  const opensToWrite = syscall === 'open' && /^(EROFS|EEXIST|ENOSPC|EDQUOT|ETXTBSY)$/.test(code);
  if (syscall === 'open' && /^(EACCES|EPERM)$/.test(code))
    return new InputError(
      place,
      'cannot be opened: permission denied',
      'Check its permissions, or choose another place',
    );
  return writes || opensToWrite ? writeError(place, error) : readError(place, error);
}

/** As ENOENT. */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  return 'syscall' in error || error.code === 'ERR_FS_FILE_TOO_LARGE' ? error.code : null;
}

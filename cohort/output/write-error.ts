import { InputError } from '../error.ts';

/** What the system says of a file that could not be written, as one sentence. */
export function writeError(file: string, error: NodeJS.ErrnoException): Error {
  const reasons: Record<string, [what: string, fix: string]> = {
    ENOSPC: ['the disk is full', 'Free some space, or choose another output folder'],
    EDQUOT: ['the disk quota is used up', 'Free some space, or choose another output folder'],
    EACCES: ['permission denied', 'Choose an output folder that you may write to'],
    EPERM: ['permission denied', 'Choose an output folder that you may write to'],
    EROFS: ['the file system is read-only', 'Choose another output folder'],
    ENOTDIR: ['a part of the path is a file', 'Choose another output folder'],
    EEXIST: ['a part of the path is a file', 'Choose another output folder'], // mkdir says it so
    ENOENT: ['nothing can be made in its folder', 'Choose another output folder'],
    ENAMETOOLONG: ['its name is too long', 'Choose a shorter one'],
    ELOOP: ['its links lead in a circle', 'Choose another output folder'],
    EISDIR: ['a folder stands where the file should go', 'Choose another output path'],
  };
  const reason = reasons[error.code ?? ''];
  return reason ? new InputError(file, `cannot be written: ${reason[0]}`, reason[1]) : error;
}

import path from 'node:path';
import { InputError } from '../error.ts';
import { clipped } from '../listed.ts';

/** What Linux, macOS and Windows allow, in bytes of UTF-8. */
const longest = { name: 255, path: 4095 } as const;

/**
 * Refuses names that no file system takes, before anything is computed for them.
 *
 * @param files to be written later; made of identifiers that users give
 * @throws InputError naming the first file or folder that is too long
 */
export function refuseLongNames(files: readonly string[]): void {
  for (const file of files) {
    const full = path.resolve(file);
    const name = full.split(path.sep).find((part) => Buffer.byteLength(part) > longest.name);
    if (name === undefined && Buffer.byteLength(full) <= longest.path) continue;
    const [what, bytes, most] =
      name === undefined
        ? ['the path', Buffer.byteLength(full), longest.path]
        : ['the name', Buffer.byteLength(name), longest.name];
    throw new InputError(
      clipped(name ?? full),
      `${what} has ${bytes} bytes, and file systems allow ${most}`,
      'Shorten the identifiers that it is made of (participant, session, class), or the path of the output',
    );
  }
}

import { closeSync, existsSync, lstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { InputError } from './error.ts';

/** Far above any 3D image, and below what a hostile archive could unpack to. */
const unpackedLimit = 2 ** 31;

/**
 * A file's content, unpacked where it is gzip (told by its first bytes, whatever its name).
 *
 * @throws InputError when it is missing, unreadable, empty, damaged, or only a pointer to content kept elsewhere
 */
export function readUnpacked(file: string): Uint8Array {
  const bytes = reading(file, () => readFileSync(file));
  refusePointer(file, bytes);
  return isGzip(bytes) ? unpack(file, bytes) : bytes;
}

/**
 * The beginning of a file's content, unpacked where it is gzip: more than any NIfTI header has.
 *
 * @throws InputError as `readUnpacked`, but for damage further on
 */
export function readStart(file: string): Uint8Array {
  const bytes = reading(file, () => firstBytes(file, 16_384));
  refusePointer(file, bytes);
  // Cut on purpose: what the part holds is unpacked, and its missing end is no fault.
  return isGzip(bytes) ? unpack(file, bytes, constants.Z_SYNC_FLUSH) : bytes;
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function firstBytes(file: string, most: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(most);
    return bytes.subarray(0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function refusePointer(file: string, bytes: Buffer): void {
  if (bytes.length === 0) throw new InputError(file, 'is empty', 'Copy or make the file again');
  const start = bytes.subarray(0, 200).toString('latin1');
  if (start.startsWith('version https://git-lfs')) {
    throw new InputError(file, 'is a Git LFS pointer, not the image', 'Fetch the image with git lfs pull');
  }
  if (start.includes('annex/objects/')) {
    throw new InputError(file, 'is a git-annex pointer, not the image', 'Fetch the image with datalad get');
  }
}

function reading(file: string, read: () => Buffer): Buffer {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && isLink(file)) {
      throw new InputError(
        file,
        'is a link to a file that is not here',
        'Fetch the image (datalad get, for git-annex)',
      );
    }
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new InputError(file, 'does not exist', 'Check the path');
    }
    if (code === 'EISDIR') throw new InputError(file, 'is a folder', 'Give the path of a file');
    throw new InputError(file, `cannot be read (${code})`, 'Check the permissions and the disk');
  }
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function unpack(file: string, bytes: Buffer, finishFlush: number = constants.Z_FINISH): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: unpackedLimit, finishFlush });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what =
      code === 'Z_BUF_ERROR'
        ? 'is cut short: its gzip stream ends early'
        : code === 'ERR_BUFFER_TOO_LARGE'
          ? 'unpacks to more than 2 GiB'
          : `is damaged: its gzip stream does not unpack (${message})`;
    throw new InputError(file, what, 'Copy or make the file again');
  }
}

/** The three parts of an image's name, or null when it has no extension of NIfTI. */
export function splitName(file: string): { stem: string; kind: 'nii' | 'hdr' | 'img'; gzip: boolean } | null {
  const match = /^(.*)\.(nii|hdr|img)(\.gz)?$/is.exec(file);
  if (!match) return null;
  return {
    stem: match[1],
    kind: match[2].toLowerCase() as 'nii' | 'hdr' | 'img',
    gzip: match[3] !== undefined,
  };
}

/**
 * The other file of a .hdr/.img pair, packed or not.
 *
 * @throws InputError when there is none
 */
export function partnerOf(file: string, kind: 'hdr' | 'img'): string {
  const name = splitName(file);
  const stem = name?.stem ?? file;
  const candidates = name?.gzip
    ? [`${stem}.${kind}.gz`, `${stem}.${kind}`]
    : [`${stem}.${kind}`, `${stem}.${kind}.gz`];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found) return found;
  throw new InputError(
    file,
    `has no ${candidates[0]} beside it`,
    'Keep the .hdr and .img files of a pair together',
  );
}

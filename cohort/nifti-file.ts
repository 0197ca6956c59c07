import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { InputError } from './error.ts';

/** Far above any 3D image, and below what a hostile archive could unpack to. */
const unpackedLimit = 2 ** 31;

/**
 * A file's content, unpacked where it is gzip (told by its first bytes, whatever its name).
 *
 * @throws InputError when it is missing, unreadable, empty, damaged, or only a pointer to content kept elsewhere
 */
export function readUnpacked(file: string): Uint8Array {
  const bytes = readBytes(file);
  if (bytes.length === 0) throw new InputError(file, 'is empty', 'Copy or make the file again');
  const start = bytes.subarray(0, 200).toString('latin1');
  if (start.startsWith('version https://git-lfs')) {
    throw new InputError(file, 'is a Git LFS pointer, not the image', 'Fetch the image with git lfs pull');
  }
  if (start.includes('annex/objects/')) {
    throw new InputError(file, 'is a git-annex pointer, not the image', 'Fetch the image with datalad get');
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return unpack(file, bytes);
  return bytes;
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
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

function unpack(file: string, bytes: Buffer): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: unpackedLimit });
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

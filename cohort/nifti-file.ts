import { closeSync, existsSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { readBounded } from './bounded-file.ts';
import { bounds } from './bounds.ts';
import { InputError } from './error.ts';
import { requireFile } from './read-file.ts';
import { readError } from './system-error.ts';

/** Bytes of an image, at most: far above any 3D image, and what one allocation may hold. */
export const unpackedLimit = 2 ** 31;

const deflateRatio = 1032; // the most bytes that deflate makes of one (zlib.net, "maximum compression factor")

/**
 * A file's content, unpacked where it is gzip (told by its first bytes, whatever its name).
 *
 * @param needed bytes that the header announces; what unpacks to far more is not unpacked
 * @throws InputError when it is missing, unreadable, empty, damaged, or only a pointer to content kept elsewhere
 */
export function readUnpacked(file: string, needed: number): Uint8Array {
  const start = reading(file, () => firstBytes(file, 200));
  refusePointer(file, start);
  // Of what is not packed, nothing behind the voxels is read; what is packed is hardly ever larger than what it holds.
  if (!isGzip(start)) return reading(file, () => firstBytes(file, needed));
  const limit = needed + bounds.trailingBytes;
  return unpack(
    file,
    reading(file, () => readBounded(file, limit, 'this image by its header')),
    { limit },
  );
}

/** How many bytes a file holds when unpacked, as far as that is known without unpacking it. */
export interface UnpackedSize {
  /** exactly, or, where it is gzip, at most */
  readonly most: number;
  /** what the last four bytes of a gzip file say, modulo 2^32; null where it is not gzip */
  readonly told: number | null;
}

/** @throws InputError as `readUnpacked` */
export function unpackedSize(file: string): UnpackedSize {
  const start = reading(file, () => firstBytes(file, 200));
  refusePointer(file, start);
  const { size } = statSync(file);
  if (!isGzip(start)) return { most: size, told: null };
  const end = reading(file, () => bytesAt(file, 4, Math.max(0, size - 4)));
  return { most: size * deflateRatio, told: end.length < 4 ? 0 : end.readUInt32LE() };
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
  return isGzip(bytes) ? unpack(file, bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes;
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function firstBytes(file: string, most: number): Buffer {
  return bytesAt(file, most, 0);
}

function bytesAt(file: string, most: number, position: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(most);
    return bytes.subarray(0, readSync(descriptor, bytes, { position }));
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
  if (isLink(file) && !existsSync(file)) {
    throw new InputError(
      file,
      'is a link to a file that is not here',
      'Fetch the image (datalad get, for git-annex)',
    );
  }
  requireFile(file);
  try {
    return read();
  } catch (error) {
    throw readError(file, error);
  }
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function unpack(
  file: string,
  bytes: Buffer,
  { limit = unpackedLimit, finishFlush = constants.Z_FINISH }: { limit?: number; finishFlush?: number },
): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limit, finishFlush });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what =
      code === 'Z_BUF_ERROR'
        ? 'is cut short: its gzip stream ends early'
        : code === 'ERR_BUFFER_TOO_LARGE'
          ? `unpacks to more than ${limit} bytes, which its header does not announce`
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

import { sizeText } from './bounded-file.ts';
import { bounds } from './bounds.ts';
import { InputError } from './error.ts';
import { decode } from './nifti-datatype.ts';
import {
  partnerOf,
  readStart,
  readUnpacked,
  splitName,
  type UnpackedSize,
  unpackedLimit,
  unpackedSize,
} from './nifti-file.ts';
import { type Header, parseHeader } from './nifti-header.ts';
import { canonicalGrid, orientationOf, toCanonical } from './orientation.ts';
import { noteReading } from './reading-notes.ts';
import type { Grid, Volume } from './volume.ts';

export { storageFor } from './nifti-fresh.ts';
export { type WriteOptions, writeVolume } from './nifti-write.ts';

/**
 * Reads a 3D image from NIfTI-1 or NIfTI-2: .nii, .nii.gz, or either file of a .hdr/.img pair, of either byte order and
 * any real datatype. Its voxels are brought to the canonical orientation LAS by permuting and flipping axes, scaled by
 * slope and intercept, in float32. NaN voxels become 0 and are counted.
 *
 * The affine is the sform where its code is set, else the qform, in mm: metres and micrometres are converted, with a note
 * (reading-notes.ts); an unknown unit is taken as mm, as all tools do. A damaged qform beside a sform is noted and left; a
 * damaged sform is refused, since other readers take it whatever the qform says.
 *
 * @throws InputError when the file is missing, damaged, not NIfTI, not one 3D image of finite real numbers, or does not
 *   say how it is oriented
 */
export function readVolume(path: string): Volume {
  const { header, voxels } = readParts(path);
  const orientation = orientationOf(header.affine);
  const { values, nanCount } = decode(voxels, header.datatype, header.littleEndian, header, path);
  return {
    grid: canonicalGrid(header.shape, header.affine, orientation),
    data: toCanonical(values, header.shape, orientation),
    nanCount,
    storage: {
      placement: header.placement,
      version: header.version,
      littleEndian: header.littleEndian,
      shape: header.shape,
      orientation,
    },
  };
}

/**
 * An image's canonical grid, from its header. Its voxels are not read, but where the end of a gzip file says that they are
 * not all there: it is unpacked, to be sure.
 *
 * @throws InputError as `readVolume`, but for most damage to the voxels
 */
export function readGrid(path: string): Grid {
  const { header, file, size } = locate(path);
  const needed = header.offset + sizeOf(header);
  const { told } = size;
  if (told !== null && (told < needed || told > needed + bounds.trailingBytes)) readVoxels(header, file);
  return canonicalGrid(header.shape, header.affine, orientationOf(header.affine));
}

function readParts(path: string): { header: Header; voxels: Uint8Array } {
  const { header, file } = locate(path);
  return { header, voxels: readVoxels(header, file) };
}

function readVoxels(header: Header, file: string): Uint8Array {
  const end = header.offset + sizeOf(header);
  const content = readUnpacked(file, end);
  refuseShort(header, content.length, file, '');
  return content.subarray(header.offset, end);
}

/** An image's header, and the file that holds its voxels, which is long enough for them as far as its size tells. */
function locate(path: string): { header: Header; file: string; size: UnpackedSize } {
  const isImg = splitName(path)?.kind === 'img';
  const headerFile = isImg ? partnerOf(path, 'hdr') : path;
  const header = parseHeader(readStart(headerFile), headerFile);
  const file = !header.pair || isImg ? path : partnerOf(path, 'img');
  const size = unpackedSize(file);
  refuseShort(header, size.most, file, size.told === null ? '' : 'at most ');
  refuseLarge(header, file);
  if (header.unit) noteReading(header.unit, path);
  if (header.unscaled) noteReading('slope', path);
  if (header.contradicts) noteReading('transforms', path);
  if (header.damagedQform) noteReading('qform', path);
  return { header, file, size };
}

/** What fills memory once unpacked, however small the file. */
function refuseLarge(header: Header, where: string): void {
  const { shape, datatype, offset } = header;
  if (offset > bounds.headerBytes) {
    throw new InputError(
      where,
      `says that its voxels start at byte ${offset}, beyond ${sizeText(bounds.headerBytes)}`,
      'Copy or make the file again',
    );
  }
  const tooManyBytes = offset + sizeOf(header) > unpackedLimit;
  if (!tooManyBytes && shape[0] * shape[1] * shape[2] <= bounds.voxels) return;
  throw new InputError(
    where,
    `holds ${shape.join(' x ')} voxels of ${datatype.name}, more than ${tooManyBytes ? '2 GiB' : `${bounds.voxels} voxels`}`,
    'Resample it to larger voxels, or cut it to the brain',
  );
}

/** Bytes of the voxels. Not allocated before it is known that they are there. */
function sizeOf({ shape, datatype }: Header): number {
  return shape[0] * shape[1] * shape[2] * datatype.size;
}

function refuseShort(header: Header, length: number, where: string, about: string): void {
  const { shape, datatype, offset } = header;
  const size = sizeOf(header);
  if (offset + size <= length) return;
  throw new InputError(
    where,
    `is cut short: ${shape.join(' x ')} voxels of ${datatype.name} need ${size} bytes, ` +
      `and ${about}${Math.max(0, length - offset)} are there`,
    'Copy or make the file again',
  );
}

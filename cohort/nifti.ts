import { InputError } from './error.ts';
import { decode } from './nifti-datatype.ts';
import { partnerOf, readStart, readUnpacked, splitName } from './nifti-file.ts';
import { type Header, parseHeader } from './nifti-header.ts';
import { canonicalGrid, orientationOf, toCanonical } from './orientation.ts';
import type { Grid, Volume } from './volume.ts';

export { storageFor } from './nifti-fresh.ts';
export { type WriteOptions, writeVolume } from './nifti-write.ts';

/**
 * Reads a 3D image from NIfTI-1 or NIfTI-2: .nii, .nii.gz, or either file of a .hdr/.img pair, of either byte order and
 * any real datatype. Its voxels are brought to the canonical orientation LAS by permuting and flipping axes, scaled by
 * slope and intercept, in float32. Voxels that are not a number become 0 and are counted.
 *
 * The affine is the sform where its code is set, else the qform; millimetres are assumed, as the field's tools do.
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
      header: header.bytes,
      version: header.version,
      littleEndian: header.littleEndian,
      shape: header.shape,
      orientation,
    },
  };
}

/** An image's canonical grid, from its header alone. @throws InputError as `readVolume`, but for damage to the voxels */
export function readGrid(path: string): Grid {
  const file = splitName(path)?.kind === 'img' ? partnerOf(path, 'hdr') : path;
  const { shape, affine } = parseHeader(readStart(file), file);
  return canonicalGrid(shape, affine, orientationOf(affine));
}

function readParts(path: string): { header: Header; voxels: Uint8Array } {
  const isImg = splitName(path)?.kind === 'img';
  const headerPath = isImg ? partnerOf(path, 'hdr') : path;
  const content = readUnpacked(headerPath);
  const header = parseHeader(content, headerPath);
  if (!header.pair) return { header, voxels: voxelsOf(header, content, path) };
  const imagePath = isImg ? path : partnerOf(path, 'img');
  return { header, voxels: voxelsOf(header, readUnpacked(imagePath), imagePath) };
}

/** The voxels' bytes. What the header announces is compared with what is there before anything is allocated for it. */
function voxelsOf({ shape, datatype, offset }: Header, content: Uint8Array, where: string): Uint8Array {
  const size = shape[0] * shape[1] * shape[2] * datatype.size;
  if (offset + size <= content.length) return content.subarray(offset, offset + size);
  throw new InputError(
    where,
    `is cut short: ${shape.join(' x ')} voxels of ${datatype.name} need ${size} bytes, ` +
      `and ${Math.max(0, content.length - offset)} are there`,
    'Copy or make the file again',
  );
}

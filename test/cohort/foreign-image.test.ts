import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readGrid } from '../../cohort/nifti.ts';
import { plain, put, rawFile, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();
const bytes = (start: string, at = 0) =>
  Buffer.concat([Buffer.alloc(at), Buffer.from(start, 'latin1'), Buffer.alloc(400)]);

it.each<[string, Buffer, RegExp]>([
  ['a.nii.bz2', bytes('BZh91AY'), /is packed by bzip2, not a NIfTI image\. Unpack it with bunzip2/],
  ['a.nii.xz', bytes('\xfd7zXZ\0'), /packed by xz/],
  ['a.nii.zst', bytes('\x28\xb5\x2f\xfd'), /packed by zstd/],
  ['a.zip', bytes('PK\x03\x04'), /is a zip archive/],
  ['twice.nii.gz', gzipSync(gzipSync(rawFile(plain))), /is packed twice by gzip.*Unpack it once/],
  ['a.mgh', bytes('\0\0\0\x01\0\0\0\x1f'), /FreeSurfer.*mri_convert/],
  ['a.mgz', gzipSync(bytes('\0\0\0\x01\0\0\0\x1f')), /FreeSurfer.*mri_convert/],
  ['a.dcm', bytes('DICM', 128), /is a DICOM file.*dcm2niix/],
  ['a.mnc', bytes('\x89HDF\r\n\x1a\n'), /MINC 2/],
  ['b.mnc', bytes('CDF\x01'), /netCDF/],
  ['a.nrrd', bytes('NRRD0004'), /NRRD/],
  ['page.nii.gz', bytes('<!DOCTYPE html>'), /is a web page.*Download the image again/],
  ['start.nii.gz', gzipSync(rawFile(plain)).subarray(0, 11), /is cut short within its header/],
  ['text.nii', bytes('participant_id'), /is not a NIfTI image\. Give a \.nii/],
])('%s is named for what it is', (name, content, message) => {
  expect(() => readGrid(put(folder, name, content))).toThrow(message);
});

import { InputError } from './error.ts';

type Foreign = readonly [start: RegExp, what: string, fix: string];

/** What is often given for NIfTI, by its first bytes. */
const kinds: readonly Foreign[] = [
  [/^BZh/, 'is packed by bzip2', 'Unpack it with bunzip2, or pack it by gzip'],
  [/^\xfd7zXZ/, 'is packed by xz', 'Unpack it, or pack it by gzip'],
  [/^\x28\xb5\x2f\xfd/, 'is packed by zstd', 'Unpack it, or pack it by gzip'],
  [/^PK\x03\x04/, 'is a zip archive', 'Unpack it'],
  [/^\x1f\x8b/, 'is packed twice by gzip', 'Unpack it once'],
  [/^\0\0\0\x01\0\0/, 'is an image of FreeSurfer (.mgh, .mgz)', 'Convert it with mri_convert or nibabel'],
  [/^.{128}DICM/s, 'is a DICOM file', 'Convert the series to NIfTI, as with dcm2niix'],
  [/^\x89HDF/, 'is an HDF5 file, as MINC 2 images are', 'Convert it with mnc2nii or nibabel'],
  [/^CDF[\x01\x02]/, 'is a netCDF file, as MINC images are', 'Convert it with mnc2nii or nibabel'],
  [/^NRRD/, 'is an NRRD image', 'Convert it with 3D Slicer or SimpleITK'],
  [/^\s*<(!doctype|html|\?xml)/i, 'is a web page', 'Download the image again'],
];

/** Why unpacked content that does not begin like NIfTI is none. */
export function foreignImage(content: Uint8Array, where: string): InputError {
  const start = Buffer.from(content.subarray(0, 200)).toString('latin1');
  const found = kinds.find(([pattern]) => pattern.test(start));
  if (found) return new InputError(where, `${found[1]}, not a NIfTI image`, found[2]);
  if (content.length === 0)
    // the beginning of a gzip stream
    return new InputError(where, 'is cut short within its header', 'Copy or make the file again');
  return new InputError(where, 'is not a NIfTI image', 'Give a .nii, .nii.gz, .hdr or .img file');
}

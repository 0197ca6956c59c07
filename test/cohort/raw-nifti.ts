import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

/** NIfTI files laid out by hand from nifti1.h and nifti2.h, without any of the code under test. */

/** A folder that goes when the test file ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Put = (view: DataView, at: number, value: number, little: boolean) => void;

export const rawDatatypes: Record<string, { code: number; size: number; put: Put; signed: boolean }> = {
  uint8: { code: 2, size: 1, put: (view, at, value) => view.setUint8(at, value), signed: false },
  int16: {
    code: 4,
    size: 2,
    put: (view, at, value, little) => view.setInt16(at, value, little),
    signed: true,
  },
  int32: {
    code: 8,
    size: 4,
    put: (view, at, value, little) => view.setInt32(at, value, little),
    signed: true,
  },
  float32: {
    code: 16,
    size: 4,
    put: (view, at, value, little) => view.setFloat32(at, value, little),
    signed: true,
  },
  float64: {
    code: 64,
    size: 8,
    put: (view, at, value, little) => view.setFloat64(at, value, little),
    signed: true,
  },
  int8: { code: 256, size: 1, put: (view, at, value) => view.setInt8(at, value), signed: true },
  uint16: {
    code: 512,
    size: 2,
    put: (view, at, value, little) => view.setUint16(at, value, little),
    signed: false,
  },
  uint32: {
    code: 768,
    size: 4,
    put: (view, at, value, little) => view.setUint32(at, value, little),
    signed: false,
  },
  int64: {
    code: 1024,
    size: 8,
    put: (view, at, value, little) => view.setBigInt64(at, BigInt(value), little),
    signed: true,
  },
  uint64: {
    code: 1280,
    size: 8,
    put: (view, at, value, little) => view.setBigUint64(at, BigInt(value), little),
    signed: false,
  },
};

export interface Raw {
  version?: 1 | 2;
  little?: boolean;
  /** Sets dim[0] to its length. */
  dims: number[];
  datatype?: string;
  /** 12 numbers. */
  sform?: readonly number[];
  sformCode?: number;
  qform?: {
    quaternion: [number, number, number];
    offset: [number, number, number];
    pixdim: number[];
    code?: number;
  };
  slope?: number;
  intercept?: number;
  /** In the file's order, first axis fastest. */
  values?: readonly number[];
  offset?: number;
  /** Bytes between the header and the voxels. */
  extension?: Uint8Array;
}

/** The header (348 or 540 bytes) and the voxels. */
export function rawParts(raw: Raw, pair = false): { header: Buffer; voxels: Buffer } {
  const { version = 1, little = true, dims, datatype = 'float32', values = [] } = raw;
  const type = rawDatatypes[datatype];
  const one = version === 1;
  const header = Buffer.alloc(one ? 348 : 540);
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const real = (at: number, value: number) =>
    one ? view.setFloat32(at, value, little) : view.setFloat64(at, value, little);
  view.setInt32(0, one ? 348 : 540, little);
  const letter = pair ? 'i' : '+';
  if (one) header.write(`n${letter}1\0`, 344, 'latin1');
  else header.write(`n${letter}2\0\r\n\x1a\n`, 4, 'latin1');
  [dims.length, ...dims].forEach((extent, i) => {
    if (one) view.setInt16(40 + 2 * i, extent, little);
    else view.setBigInt64(16 + 8 * i, BigInt(extent), little);
  });
  view.setInt16(one ? 70 : 12, type.code, little);
  view.setInt16(one ? 72 : 14, 8 * type.size, little);
  const offset = raw.offset ?? (pair ? 0 : header.length + 4 + (raw.extension?.length ?? 0));
  if (one) view.setFloat32(108, offset, little);
  else view.setBigInt64(168, BigInt(offset), little);
  real(one ? 112 : 176, raw.slope ?? 0);
  real(one ? 116 : 184, raw.intercept ?? 0);
  raw.sform?.forEach((value, i) => {
    real(one ? 280 + 4 * i : 400 + 8 * i, value);
  });
  const sformCode = raw.sformCode ?? (raw.sform ? 4 : 0);
  const qformCode = raw.qform ? (raw.qform.code ?? 1) : 0;
  if (one) {
    view.setInt16(252, qformCode, little);
    view.setInt16(254, sformCode, little);
    header[123] = 2;
  } else {
    view.setInt32(344, qformCode, little);
    view.setInt32(348, sformCode, little);
    view.setInt32(500, 2, little);
  }
  raw.qform?.pixdim.forEach((value, i) => {
    real(one ? 76 + 4 * i : 104 + 8 * i, value);
  });
  [...(raw.qform?.quaternion ?? []), ...(raw.qform?.offset ?? [])].forEach((value, i) => {
    real(one ? 256 + 4 * i : 352 + 8 * i, value);
  });
  const voxels = Buffer.alloc(values.length * type.size);
  const voxelView = new DataView(voxels.buffer, voxels.byteOffset, voxels.length);
  values.forEach((value, i) => {
    type.put(voxelView, i * type.size, value, little);
  });
  return { header, voxels };
}

/** A single file. */
export function rawFile(raw: Raw): Buffer {
  const { header, voxels } = rawParts(raw);
  const extension = raw.extension ?? new Uint8Array();
  return Buffer.concat([header, Buffer.from([extension.length > 0 ? 1 : 0, 0, 0, 0]), extension, voxels]);
}

/** A small image stored LAS, as SPM and Clinica do. */
export const las = [-1.5, 0, 0, 90, 0, 1.5, 0, -126, 0, 0, 1.5, -72];
export const dims = [2, 3, 4];
export const values = Array.from({ length: 24 }, (_, i) => (5 * i) % 23);
export const plain: Raw = { dims, sform: las, values };

/** The values as memory holds them, for an LAS file: last axis fastest. */
export function canonical(stored: readonly number[]): number[] {
  const at = (x: number, y: number, z: number) => stored[x + 2 * (y + 3 * z)];
  return [0, 1].flatMap((x) => [0, 1, 2].flatMap((y) => [0, 1, 2, 3].map((z) => at(x, y, z))));
}

/** Writes bytes under a name in a folder and gives the path. */
export function put(folder: string, name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

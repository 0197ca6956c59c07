/** A fault of the GPU or of what was asked of it; the message names the kernel or tensor and what to do. */
export class GpuError extends Error {
  override readonly name: string = 'GpuError';
}

/** The device went away (driver reset, removal, destroyed): nothing computed since can be trusted. */
export class DeviceLostError extends GpuError {
  override readonly name: string = 'DeviceLostError';
}

/** Bytes for people: 67934240 becomes "64.8 MiB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InputError } from './error.ts';

const chunk = 2 ** 20; // bytes

/**
 * A file's bytes, of which there are at most so many. A larger file is refused before it is read; one whose size is not known
 * beforehand, such as a pipe, as soon as it has given too much.
 *
 * @param kind what the file should be, for the message: "a table"
 * @throws InputError when it is larger; the system's error when it cannot be read
 */
export function readBounded(file: string, most: number, kind: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > most) throw tooLarge(file, most, kind);
    // One byte more than there should be shows where the file ends.
    let bytes = Buffer.allocUnsafe(size + 1);
    let filled = 0;
    for (;;) {
      if (filled === bytes.length)
        bytes = Buffer.concat([bytes, Buffer.allocUnsafe(Math.max(chunk, filled))]);
      const read = readSync(descriptor, bytes, filled, bytes.length - filled, null);
      if (read === 0) return bytes.subarray(0, filled);
      filled += read;
      if (filled > most) throw tooLarge(file, most, kind);
    }
  } finally {
    closeSync(descriptor);
  }
}

function tooLarge(file: string, most: number, kind: string): InputError {
  return new InputError(
    file,
    `is larger than ${inMebibytes(most)}, the most that ${kind} may take`,
    'Check that this is the file you mean',
  );
}

/** "16 MiB", "0.25 MiB", for messages about bounds. */
export function inMebibytes(bytes: number): string {
  return `${Number((bytes / 2 ** 20).toPrecision(3))} MiB`;
}

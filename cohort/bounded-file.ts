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
    let bytes = Buffer.allocUnsafeSlow(size + 1);
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
    `is larger than ${sizeText(most)}, the most that ${kind} may take`,
    'Check that this is the file you mean',
  );
}

/** "16 MiB", "0.25 MiB", "2 GiB", for messages about bounds. */
export function sizeText(bytes: number): string {
  const [unit, size] = bytes > 2 ** 30 ? ['GiB', 2 ** 30] : ['MiB', 2 ** 20];
  return `${Number((bytes / Number(size)).toPrecision(3))} ${unit}`;
}

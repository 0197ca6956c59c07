import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** The C library's calls that turn a descriptor elsewhere and back. */
interface Descriptors {
  dup(descriptor: number): number;
  dup2(from: number, to: number): number;
  fflush(stream: null): number;
}

const heard: string[] = [];

/** What Dawn, the Vulkan loader and drivers have printed in this process: their lines, in order. */
export function nativeLines(): readonly string[] {
  return heard;
}

/**
 * Does work during which nothing reaches the terminal: Dawn, the Vulkan loader and drivers print warnings to standard error
 * that say nothing to a user ("artificially reduced from 1000000 to 16"), from native code, which no hook in JavaScript sees. `nativeLines` has
 * them afterwards.
 *
 * On Windows their lines are not caught: there, Node and the GPU library share the handle of standard error but not the
 * table that redirects it.
 *
 * @param work must not wait: what JavaScript itself printed meanwhile would be lost
 */
export function withoutNativeOutput<T>(work: () => T): T {
  const calls = descriptors();
  if (!calls) return work();
  const file = freshFile();
  const streams = [1, 2].map((stream) => ({ stream, kept: calls.dup(stream) }));
  try {
    for (const { stream, kept } of streams) if (kept >= 0) calls.dup2(file.descriptor, stream);
    return work();
  } finally {
    calls.fflush(null);
    for (const { stream, kept } of streams) {
      if (kept < 0) continue; // it was closed before
      calls.dup2(kept, stream);
      closeSync(kept);
    }
    heard.push(...file.lines());
  }
}

let loaded: Descriptors | null | undefined;

/** null where the C library cannot be called: then native code prints as it likes. */
function descriptors(): Descriptors | null {
  if (loaded !== undefined) return loaded;
  loaded = null;
  if (process.platform === 'win32') return loaded;
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const library = koffi.load(null);
    loaded = {
      dup: library.func('int dup(int)') as Descriptors['dup'],
      dup2: library.func('int dup2(int, int)') as Descriptors['dup2'],
      fflush: library.func('int fflush(void *)') as Descriptors['fflush'],
    };
  } catch {} // no build of koffi for this machine
  return loaded;
}

/** A file without a name, which goes when it is closed; nowhere, if no temporary one can be made. */
function freshFile(): { descriptor: number; lines: () => string[] } {
  const name = path.join(os.tmpdir(), `voxmask-${process.pid}-${process.hrtime.bigint()}`);
  try {
    const descriptor = openSync(name, 'wx+', 0o600);
    return {
      descriptor,
      lines: () => {
        closeSync(descriptor);
        const text = readFileSync(name, 'utf8');
        rmSync(name);
        return text.split('\n').filter((line) => line.trim() !== '');
      },
    };
  } catch {
    const descriptor = openSync(os.devNull, 'w');
    return {
      descriptor,
      lines: () => {
        closeSync(descriptor);
        return [];
      },
    };
  }
}

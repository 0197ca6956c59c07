import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { cachedFolder } from './cache-folder.ts';

const PACKAGE = '@sparticuz/chromium'; // carries SwiftShader and the Vulkan loader for Linux on x64
const DRIVER = 'libvk_swiftshader.so';
const LOADER = 'libvulkan.so.1';
const MANIFEST = 'vk_swiftshader_icd.json';
/** The release whose files' digests are known; the files of others are unpacked anew for each process. */
const KNOWN_VERSION = '143.0.4';
const DIGESTS = {
  [DRIVER]: '55571f337145a70e32bb64f07ceb413796cc7e9dc1ecac2144728777faf75c8c',
  [LOADER]: '858e4d3fd0fc5d1409f9c9c076e7611c0967459bab153c5cb4ec81124a24e53c',
  [MANIFEST]: 'c9eef28b6b984fec220ef0abfecc40b502d46946706e47bfe97707027cb818bd',
};
const RTLD_NODELETE = 0x1000;

/** The package's archive with SwiftShader in it, or null where it is not installed or of no use. */
export function swiftshaderArchive(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  let folder: string;
  try {
    folder = path.dirname(createRequire(import.meta.url).resolve(PACKAGE));
  } catch {
    return null;
  }
  for (; path.dirname(folder) !== folder; folder = path.dirname(folder)) {
    const archive = path.join(folder, 'bin', 'swiftshader.tar.br');
    if (existsSync(archive)) return archive;
  }
  return null;
}

let unpacked: string | null = null;

/** The folder of the archive's libraries: this process loads them from one place. */
function unpack(archive: string): string {
  unpacked ??= cachedFolder(
    `swiftshader-${KNOWN_VERSION}`,
    versionOf(archive) === KNOWN_VERSION ? DIGESTS : null,
    () => tarEntries(brotliDecompressSync(readFileSync(archive)), [DRIVER, LOADER, MANIFEST]),
  );
  return unpacked;
}

function versionOf(archive: string): string {
  return JSON.parse(readFileSync(path.join(path.dirname(archive), '..', 'package.json'), 'utf8')).version;
}

/** Makes Vulkan use SwiftShader alone: by environment for the loader that Dawn opens next, in this process only. */
export function useSwiftshader(archive: string): void {
  const manifest = path.join(unpack(archive), MANIFEST);
  process.env.VK_DRIVER_FILES = manifest;
  process.env.VK_ICD_FILENAMES = manifest; // the name that loaders before 1.3.207 read
  useBundledLoader(archive);
}

/** Puts the package's Vulkan loader where the system has none; drivers that the system has are found by it too. */
export function useBundledLoader(archive: string): void {
  mapLibrary(path.join(unpack(archive), LOADER));
}

/** Maps a shared library for good: a later dlopen of its soname finds it, wherever it lies. */
function mapLibrary(file: string): void {
  try {
    process.dlopen({ exports: {} }, file, os.constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch (error) {
    // no Node addon, so Node complains after mapping it; anything else means that it is not mapped
    if (!/did not self-register/.test((error as Error).message)) throw error;
  }
}

/** The files of these names in a tar archive, wherever in it they lie. */
function* tarEntries(tar: Buffer, names: readonly string[]): Generator<readonly [string, Uint8Array]> {
  const text = (start: number, length: number) =>
    tar.toString('latin1', start, start + length).replace(/\0.*$/s, '');
  for (let offset = 0; offset + 512 <= tar.length && tar[offset] !== 0; ) {
    const name = path.posix.basename(text(offset, 100));
    const size = Number.parseInt(text(offset + 124, 12), 8);
    if (names.includes(name)) yield [name, tar.subarray(offset + 512, offset + 512 + size)];
    offset += 512 + Math.ceil(size / 512) * 512;
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The versions that decide what a run computes. */
export interface Versions {
  readonly voxmask: string;
  readonly node: string;
  /** Dawn for Node; null when it is not installed. */
  readonly webgpu: string | null;
}

/** Versions of this program, of Node, and of the GPU library that is installed. */
export function versions(): Versions {
  return { voxmask: voxmaskVersion(), node: process.versions.node, webgpu: packageVersion('webgpu') };
}

/** This program's version, from the package.json above this file (one level up in the sources, two when built). */
export function voxmaskVersion(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    const found = existsSync(file) ? readPackage(file) : undefined;
    if (found?.name === 'voxmask') return found.version;
    if (folder === path.dirname(folder)) throw new Error('the package.json of voxmask is missing');
  }
}

/**
 * The version of an installed package, found the way Node finds modules; its `exports` need not offer its
 * package.json.
 *
 * @returns null when the package is not installed
 */
export function packageVersion(name: string): string | null {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const file = path.join(folder, name, 'package.json');
    if (existsSync(file)) return readPackage(file).version;
  }
  return null;
}

function readPackage(file: string): { name: string; version: string } {
  return JSON.parse(readFileSync(file, 'utf8'));
}

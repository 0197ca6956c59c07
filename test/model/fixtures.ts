import { readFileSync } from 'node:fs';
import { parseSafetensors } from '../../model/safetensors.ts';
import type { Weights } from '../../model/weights.ts';

const folder = new URL('../fixtures/', import.meta.url);

/** Arrays of a fixture that PyTorch wrote (test/fixtures/README.md). */
export function fixtureArrays(name: string): Weights {
  return parseSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)), name).weights;
}

/** Numbers and settings of a fixture. */
export function fixtureJson(name: string) {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

/** Path of a fixture file. */
export function fixturePath(file: string): string {
  return new URL(file, folder).pathname;
}

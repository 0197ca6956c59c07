import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { OutputFolder } from '../../cohort/output/folder.ts';
import type { MaskState } from '../../masking/mask-state.ts';
import { type MaskGroupHooks, type MaskGroupOptions, maskGroup } from './mask-group.ts';
import { madeWith, stateOf } from './mask-origin.ts';

/** Says, in the folder of a mask, that it is finished. */
export const partFile = 'part.json';

/** A group mask of one of the networks. */
export interface SanityMask {
  readonly name: string;
  readonly images: { readonly used: number; readonly of: number };
  readonly steps: number;
  /** whether it may be believed */
  readonly state: MaskState;
  /** thresholded, x slowest and z fastest */
  readonly mask: Float32Array;
  readonly path: string;
}

/** What a finished part tells, with the options that it was made with. */
interface Part extends Omit<SanityMask, 'mask' | 'name' | 'state'> {
  readonly identity: string;
}

/**
 * Makes a mask in a folder of its own, or takes the one that was made there before with the same options from the same
 * network.
 *
 * @returns null after an abort
 */
export async function maskOf(
  name: string,
  options: MaskGroupOptions,
  hooks: MaskGroupHooks,
): Promise<SanityMask | null> {
  const file = path.join(options.out, partFile);
  const identity = identityOf(options);
  const before = readPart(file);
  const { out, overwrite } = options;
  const isKept = !overwrite || OutputFolder.view(out, { by: 'mask group', overwrite }).isUnchanged();
  const whole = before?.identity === identity && existsSync(before.path) && isKept;
  const part = whole ? before : await made(options, identity, hooks);
  if (!part) return null;
  if (!whole) writeFileAtomic(file, `${JSON.stringify(part)}\n`);
  const { images, steps } = part;
  const mask = readVolume(part.path).data;
  return { name, images, steps, path: part.path, state: stateOf(madeWith(part.path), mask), mask };
}

function readPart(file: string): Part | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null; // none there, or changed
  }
}

async function made(
  options: MaskGroupOptions,
  identity: string,
  hooks: MaskGroupHooks,
): Promise<Part | null> {
  const { interrupted, fit, steps, paths } = await maskGroup({ ...options, overwrite: true }, hooks);
  return interrupted ? null : { identity, images: fit, steps, path: paths.thresholded };
}

function identityOf({ out: _, overwrite: __, ...options }: MaskGroupOptions): string {
  const hash = createHash('sha256').update(readFileSync(options.model));
  return hash.update(JSON.stringify(options)).digest('hex');
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import type { OutputFolder } from '../../cohort/output/folder.ts';
import { readTable } from '../../cohort/table.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { divergence, isLossFault } from '../../masking/divergence.ts';
import { readState, unrecordedState } from '../../masking/mask-state.ts';
import { modelFile } from '../../model/model-folder.ts';
import { versions } from '../versions.ts';
import {
  groupMaskFiles,
  kindOf,
  type MaskGroupHooks,
  type MaskGroupOptions,
  type MaskGroupResult,
  maskGroup,
} from './mask-group.ts';
import type { MaskInputs } from './mask-inputs.ts';
import { requirePart } from './output.ts';
import { differences } from './train-identity.ts';

/** A mask of a grid, and how it came about. */
export interface MadePoint {
  readonly result: MaskGroupResult;
  /** the one that the mask was made with */
  readonly learningRate: number;
  /** why the learning rate asked for was left for a tenth of it; null where it was not */
  readonly fellBack: string | null;
  /** why the mask is not to be trusted even so; null for one that converged */
  readonly diverged: string | null;
}

export interface PointHooks extends Omit<MaskGroupHooks, 'open' | 'inputs'> {
  readonly open: () => Promise<OpenGpu>;
  readonly inputs: MaskInputs;
  /** the loss of a mask of ones; asked for when a mask has been made */
  readonly untouched: () => Promise<number>;
}

const pointRecord = 'point.json';
const fallback = 10; // the learning rate is divided by it

/**
 * Makes sure, before the masks of earlier points take hours, that this one can be written.
 *
 * @param grid the open folder of the grid
 * @throws InputError when something else is in the place of a file
 */
export function requirePoint(
  folder: string,
  grid: OutputFolder,
  inputs: MaskInputs,
  overwrite: boolean,
): void {
  const finished = path.resolve(folder, pointRecord);
  grid.require([finished]);
  requirePart(folder, { by: 'mask group', overwrite }, groupMaskFiles(folder, kindOf(inputs)), finished);
}

/**
 * A mask of a grid in a folder of its own: the one that is there if it was made of the same, else a new one. A training that
 * diverges is done again with a tenth of the learning rate (paper, section 2.3.2).
 *
 * @throws InputError when the folder holds a mask made of something else, naming what, unless it may be overwritten
 */
export async function makePoint(options: MaskGroupOptions, hooks: PointHooks): Promise<MadePoint> {
  const identity = identityOf(options, hooks.inputs);
  const known = options.overwrite ? null : finished(options.out, identity);
  if (known) return known;
  requirePart(
    options.out,
    { by: 'mask group', overwrite: options.overwrite },
    groupMaskFiles(options.out, kindOf(hooks.inputs)),
  );
  // What an interruption left is made anew.
  const once = async (learningRate: number) => {
    const group = { ...options.group, learningRate };
    return maskGroup({ ...options, group, overwrite: true }, hooks);
  };
  const asked = options.group.learningRate;
  const first = await attempt(() => once(asked), hooks);
  let made: MadePoint;
  if (first.diverged === null || first.result?.interrupted) {
    made = { result: first.result!, learningRate: asked, fellBack: null, diverged: null };
  } else {
    const result = await once(asked / fallback);
    const diverged = result.interrupted ? null : await divergenceOf(result, hooks);
    made = { result, learningRate: asked / fallback, fellBack: first.diverged, diverged };
  }
  if (!made.result.interrupted)
    writeFileAtomic(
      path.join(options.out, pointRecord),
      `${JSON.stringify({ identity, ...made }, null, 2)}\n`,
    );
  return made;
}

async function attempt(make: () => Promise<MaskGroupResult>, hooks: PointHooks) {
  try {
    const result = await make();
    return { result, diverged: result.interrupted ? null : await divergenceOf(result, hooks) };
  } catch (error) {
    if (!isLossFault(error)) throw error;
    return { result: null, diverged: `${error.what} at ${error.where}` };
  }
}

async function divergenceOf(result: MaskGroupResult, { untouched }: PointHooks): Promise<string | null> {
  const rows = readTable(result.paths.losses).rows;
  return divergence(
    rows.map((row) => Number(row.validation_total)),
    await untouched(),
  );
}

/** What a mask follows from, but for the adapter: every option but those that say where things lie, and what lies there. */
function identityOf(options: MaskGroupOptions, inputs: MaskInputs) {
  const { model, cohort: _1, split: _2, atlas: _3, out: _4, overwrite: _5, planted: _6, ...rules } = options;
  const images = (sessions: MaskInputs['fit']) =>
    sessions.map(({ participantId, sessionId, path: file }) => {
      const { size, mtimeMs } = statSync(file);
      return [participantId, sessionId, size, Math.round(mtimeMs)];
    });
  const { mu, atlas } = inputs;
  return {
    version: versions().voxmask,
    ...rules,
    className: inputs.className,
    network: digest(readFileSync(modelFile(model))),
    images: digest(JSON.stringify([images(inputs.fit), images(inputs.select)])),
    mu: mu instanceof Float32Array ? digest(bytesOf(mu)) : options.mu,
    atlas: atlas && digest(JSON.stringify(atlas.regions) + digest(bytesOf(atlas.labels))),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function finished(folder: string, identity: object): MadePoint | null {
  const file = path.join(folder, pointRecord);
  if (!existsSync(file)) return null;
  let known: MadePoint & { identity: object };
  try {
    known = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null; // of another version, or broken
  }
  const differ = differences(known.identity, identity);
  if (differ.length > 0) {
    throw new InputError(
      folder,
      `holds a mask made with another ${differ.join(', ')}`,
      'Choose another folder, or give --overwrite to make every mask anew',
    );
  }
  const { result, learningRate, fellBack, diverged } = known;
  const paths = Object.fromEntries(
    Object.entries(result.paths).map(([name, its]) => [name, its && path.join(folder, path.basename(its))]),
  ) as unknown as MaskGroupResult['paths'];
  const state = readState(result.state) ?? unrecordedState(result.touchedShare);
  const { networkChance = null } = result;
  return { result: { ...result, state, networkChance, paths }, learningRate, fellBack, diverged };
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

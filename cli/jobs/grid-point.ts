import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { removeFile, writeFileAtomic } from '../../cohort/files.ts';
import type { OutputFolder } from '../../cohort/output/folder.ts';
import { readTable } from '../../cohort/table.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { divergence, isLossFault } from '../../masking/divergence.ts';
import { readState, unrecordedState } from '../../masking/mask-state.ts';
import {
  groupMaskFiles,
  kindOf,
  type MaskGroupHooks,
  type MaskGroupOptions,
  type MaskGroupResult,
  maskGroup,
} from './mask-group.ts';
import type { MaskInputs } from './mask-inputs.ts';
import { checkpointName, isMaskBegun, maskIdentity } from './mask-resume.ts';
import { openOutput, requirePart } from './output.ts';
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
 * A mask of a grid in a folder of its own. A finished one of the same options is taken as it is; one that was cut short, by an
 * abort or a kill, goes on from its checkpoint with the same bits. A training that diverges is done again with a tenth of the
 * learning rate (paper, section 2.3.2).
 *
 * @throws InputError when the folder holds a mask made of something else, finished or not, naming what, unless it may be
 *   overwritten
 */
export async function makePoint(options: MaskGroupOptions, hooks: PointHooks): Promise<MadePoint> {
  const { out, overwrite } = options;
  const { inputs } = hooks;
  const identity = maskIdentity(options, inputs);
  if (overwrite) removeFile(path.join(out, pointRecord)); // else an interruption would leave it beside another mask
  const known = overwrite ? null : recordOf(out, identity);
  if (known?.result) return { ...known, result: withPaths(known.result, out) };
  requirePart(out, { by: 'mask group', overwrite }, groupMaskFiles(out, kindOf(inputs)));
  const record = (content: Partial<MadePoint>) =>
    writeFileAtomic(path.join(out, pointRecord), `${JSON.stringify({ identity, ...content }, null, 2)}\n`);
  const finish = (made: MadePoint) => {
    if (!made.result.interrupted) record(made);
    return made;
  };
  const { learningRate } = options.group;
  let fellBack = known?.fellBack ?? null;
  if (fellBack === null) {
    const begun = !overwrite && isMaskBegun(options, inputs);
    const { result, diverged } = await attempt({ ...options, overwrite: !begun }, hooks);
    if (diverged === null) return finish({ result: result!, learningRate, fellBack, diverged });
    fellBack = diverged;
  }
  const slower = { ...options, group: { ...options.group, learningRate: learningRate / fallback } };
  const begun = known !== null && isMaskBegun(slower, inputs);
  if (known === null) {
    removeCheckpoint(out);
    record({ learningRate: slower.group.learningRate, fellBack }); // after an interruption, the slower one goes on
  }
  const result = await maskGroup({ ...slower, overwrite: !begun }, hooks);
  const diverged = result.interrupted ? null : await divergenceOf(result, hooks);
  return finish({ result, learningRate: slower.group.learningRate, fellBack, diverged });
}

/** Removes the checkpoint of the training that diverged, which the slower one is not to take for its own. */
function removeCheckpoint(folder: string): void {
  const output = openOutput(folder, { by: 'mask group', overwrite: true });
  try {
    removeFile(path.join(folder, checkpointName));
  } finally {
    output.close();
  }
}

/** The mask at the learning rate asked for, and why it diverged; null where it did not, or was interrupted. */
async function attempt(options: MaskGroupOptions, hooks: PointHooks) {
  try {
    const result = await maskGroup(options, hooks);
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

/**
 * What is recorded of a point: all of a finished one; of one under way, why its learning rate was lowered. Null for none.
 *
 * @throws InputError when it is of a mask made of something else
 */
function recordOf(
  folder: string,
  identity: object,
): MadePoint | (Partial<MadePoint> & { result?: never }) | null {
  const file = path.join(folder, pointRecord);
  if (!existsSync(file)) return null;
  let known: MadePoint & { identity: object };
  try {
    known = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null; // of another version, or broken
  }
  const { identity: its, ...record } = known;
  const differ = differences(its, identity);
  if (differ.length === 0) return record;
  throw new InputError(
    folder,
    `holds a mask made with another ${differ.join(', ')}`,
    'Choose another folder, or give --overwrite to make every mask anew',
  );
}

/** A result whose folder may have been moved. */
function withPaths(result: MaskGroupResult, folder: string): MaskGroupResult {
  const paths = Object.fromEntries(
    Object.entries(result.paths).map(([name, its]) => [name, its && path.join(folder, path.basename(its))]),
  ) as unknown as MaskGroupResult['paths'];
  const state = readState(result.state) ?? unrecordedState(result.touchedShare);
  const { networkChance = null } = result;
  return { ...result, state, networkChance, paths };
}

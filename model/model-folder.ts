import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../cohort/error.ts';
import { listed } from '../cohort/listed.ts';

/** The file of a model in its folder. */
export const modelName = 'model.safetensors';

/** The folder of the weights that were best on the validation set, as ClinicaDL names it. */
export const bestFolder = 'best-balanced_accuracy';

/** The table, in a training's folder, of who trained the network and who validated it. */
export const splitName = 'split.tsv';

/** Where a training lies in the folder of several: its fold, its run, and that folder. */
export interface RunPlace {
  readonly root: string;
  readonly fold: number;
  readonly run: number;
}

/** The folder of one training: `split-{fold}/run-{run}`. */
export function runFolder({ root, fold, run }: RunPlace): string {
  return path.join(root, `split-${fold}`, `run-${run}`);
}

/** The models in a folder: its own, that of the one training it is of, or those of all folds and runs, in their order. */
export function modelsIn(folder: string): string[] {
  const own = [path.join(folder, modelName), path.join(folder, bestFolder, modelName)];
  const found = own.find((file) => existsSync(file));
  if (found) return [found];
  const runs = [...numbered(folder, 'run').map(([run]) => run), ...runFolders(folder).map(runFolder)];
  return runs.map((run) => path.join(run, bestFolder, modelName)).filter((file) => existsSync(file));
}

/** The models at a place: the file itself, or those in a folder. @throws InputError when the folder holds none */
export function modelFiles(place: string): string[] {
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return [place];
  const files = modelsIn(place);
  if (files.length > 0) return files;
  throw new InputError(place, `holds no ${modelName}`, 'Give a model, or the folder of a training');
}

/** A model's file: itself, or the only one in a folder. @throws InputError when the folder holds none, or several */
export function modelFile(place: string): string {
  const files = modelFiles(place);
  if (files.length === 1) return files[0];
  const runs = files.map((file) => path.relative(place, path.dirname(path.dirname(file))));
  throw new InputError(
    place,
    `holds ${files.length} networks: ${listed(runs)}`,
    `Give the folder of one of them, as ${path.join(place, runs[0])}`,
  );
}

/** Where the split of a model's training would lie: in the folder of that training, or else beside the model. */
export function splitBeside(model: string): string {
  const folder = path.dirname(model);
  return path.join(path.basename(folder) === bestFolder ? path.dirname(folder) : folder, splitName);
}

/** Of which training a model is, by its path; null for one that lies elsewhere. */
export function runOf(model: string): RunPlace | null {
  const [best, run, split, ...above] = path.resolve(path.dirname(model)).split(path.sep).reverse();
  const numbers = [/^split-(\d+)$/.exec(split ?? ''), /^run-(\d+)$/.exec(run ?? '')];
  if (best !== bestFolder || !numbers[0] || !numbers[1]) return null;
  const root = above.reverse().join(path.sep) || path.sep;
  return { root, fold: Number(numbers[0][1]), run: Number(numbers[1][1]) };
}

/** The trainings that have a folder in that of several, finished or not, by fold and run. */
export function runFolders(root: string): RunPlace[] {
  return numbered(root, 'split').flatMap(([folder, fold]) =>
    numbered(folder, 'run').map(([, run]): RunPlace => ({ root, fold, run })),
  );
}

/** The folders `kind-0`, `kind-1`, ... in a folder, by their numbers. */
function numbered(folder: string, kind: string): [folder: string, number: number][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => new RegExp(`^${kind}-\\d+$`).test(name))
    .map((name): [string, number] => [path.join(folder, name), Number(name.slice(kind.length + 1))])
    .sort(([, a], [, b]) => a - b);
}

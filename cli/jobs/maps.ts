import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { recordsName } from '../../cohort/output/folder.ts';
import { formatTable, readTable } from '../../cohort/table.ts';
import { modelName, type RunPlace, runFolder, runFolders } from '../../model/model-folder.ts';
import type { Epoch } from '../../model/train.ts';
import { readTrainingState, type TrainingState } from '../../model/training-state.ts';
import { versions } from '../versions.ts';
import type { TrainJobOptions } from './train.ts';
import { trainPaths } from './train-files.ts';

/** Files of a folder of trainings, named as in ClinicaDL's MAPS (model analysis and processing structure). */
export function mapsPaths(root: string) {
  const place = (...names: string[]) => path.join(root, ...names);
  return {
    maps: place('maps.json'),
    environment: place('environment.json'),
    runs: place('runs.tsv'),
    /** who is in a group; of train and validation, in a split */
    group: (name: string, fold?: number) =>
      place('groups', name, ...(fold === undefined ? [] : [`split-${fold}`]), 'data.tsv'),
  };
}

/**
 * Requires that trainings may be put into a folder: all in it share one network, its options, and one way to draw folds, which
 * `maps.json` tells. What differs is the fold and, from run to run, the seed. Several processes may train different folds in it.
 *
 * @param plan the trainings that are wanted
 * @returns writes `maps.json` and `environment.json`, unless they are there
 * @throws InputError when the folder holds trainings of another kind, or a network that is no such training's
 */
export function mapsFor(options: Omit<TrainJobOptions, 'fold'>, plan: readonly RunPlace[]): () => void {
  const { out, overwrite } = options;
  const paths = mapsPaths(out);
  if (existsSync(path.join(out, modelName))) {
    throw new InputError(out, `holds ${modelName}, which is no fold's`, 'Choose another folder');
  }
  const content = contentOf(options);
  const known = existsSync(paths.maps) ? readMaps(paths.maps, overwrite) : null;
  const other = known === null ? [] : unlike(known, content);
  if (known !== null && other.length === 0) return () => {};
  const there = runFolders(out).map(runFolder).filter(isTraining);
  const wanted = plan.map(runFolder);
  const others = there.filter((run) => !wanted.includes(run));
  if (known !== null && there.length > 0 && !overwrite) {
    throw new InputError(
      out,
      `holds trainings with another ${other.join(', ')}`,
      'Choose another folder, give the options that they were begun with, or --overwrite to replace them',
    );
  }
  if (known !== null && others.length > 0) {
    throw new InputError(
      out,
      `holds trainings with another ${other.join(', ')} that are not to be replaced, as ${others[0]}`,
      'Choose another folder, or delete them',
    );
  }
  return () => {
    writeFileAtomic(paths.environment, `${JSON.stringify(environment(), null, 2)}\n`);
    writeFileAtomic(paths.maps, `${JSON.stringify(content, null, 2)}\n`);
  };
}

/** The machine; the GPU of each training is in its sidecar. */
function environment() {
  return {
    versions: versions(),
    platform: { os: process.platform, release: release(), architecture: process.arch },
    processor: cpus()[0]?.model ?? null,
    cores: cpus().length,
    memoryBytes: totalmem(),
  };
}

/** The groups that each training has: its two sides. */
export const trainingSets = ['train', 'validation'] as const;

/** Writes who is in the groups of a fold, as its training's split tells. */
export function writeGroups(place: RunPlace): void {
  const paths = mapsPaths(place.root);
  const { rows } = readTable(trainPaths(runFolder(place)).split);
  const columns = ['participant_id', 'session_id', 'diagnosis'];
  for (const set of trainingSets) {
    const members = rows.filter((row) => row.set === set);
    writeFileAtomic(paths.group(set, place.fold), formatTable(columns, members));
  }
}

/** What all trainings of a folder share; the names that ClinicaDL has too are ClinicaDL's. */
function contentOf(options: Omit<TrainJobOptions, 'fold'>) {
  const { cohort, split, folds, splitSeed, network, training, intensity, init = null } = options;
  return {
    network_task: 'classification',
    mode: 'image',
    label: 'diagnosis',
    label_code: Object.fromEntries(network.classes.map((name, i) => [name, i])),
    selection_metrics: ['balanced_accuracy'],
    n_splits: split === null ? folds : null,
    cohort,
    split,
    splitSeed: split === null ? splitSeed : null,
    network,
    training,
    intensity,
    init,
    shuffleLabels: options.shuffleLabels ?? false,
  };
}

type MapsContent = Record<string, unknown>;

/** @returns null for a file that is to be replaced and cannot be read */
function readMaps(file: string, overwrite: boolean): MapsContent | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (overwrite) return null;
    throw new InputError(
      file,
      `cannot be read (${(error as Error).message})`,
      'Choose another folder, or give --overwrite if its trainings are not needed',
    );
  }
}

/** Whether a folder is a training's, finished or not; other people may have folders of such names. */
function isTraining(folder: string): boolean {
  const { sidecar, checkpoint } = trainPaths(folder);
  const begun = [checkpoint, path.join(folder, recordsName)];
  return readSidecar(sidecar) !== null || begun.some((file) => existsSync(file));
}

/** Names of what differs, as `training.epochs`. Paths are left out: each training knows its images, its split and what it starts from. */
function unlike(one: MapsContent, other: MapsContent): string[] {
  const [a, b] = [one, other].map(
    (maps) => new Map(leaves({ ...maps, cohort: null, split: null, init: null })),
  );
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
}

function leaves(value: object, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([name, inner]): [string, string][] =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? leaves(inner, `${prefix}${name}.`)
      : [[prefix + name, JSON.stringify(inner)]],
  );
}

/** A finished training as `runs.tsv` tells it. */
export interface RunSummary {
  readonly place: RunPlace;
  readonly seed: number;
  readonly epochs: number;
  /** the epoch that is kept */
  readonly best: Epoch;
  /** whether it may be relied on; null of a training by an earlier version */
  readonly state: TrainingState | null;
}

/** The trainings of a folder that are finished, by fold and run. */
export function finishedRuns(root: string): RunSummary[] {
  return runFolders(root).flatMap((place): RunSummary[] => {
    const file = trainPaths(runFolder(place)).sidecar;
    if (!existsSync(file)) return [];
    const told = readSidecar(file);
    if (told === null) return [];
    const { seed, results } = told;
    return results.interrupted
      ? []
      : [
          {
            place,
            seed,
            epochs: results.epochs,
            best: results.best,
            state: readTrainingState(results.state),
          },
        ];
  });
}

/** What a training's sidecar says; null for a file that is none, which somebody else may have put there. */
function readSidecar(file: string): { seed: number; results: RunSummary & { interrupted: boolean } } | null {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8'));
    return typeof found.results?.best === 'object' ? found : null;
  } catch {
    return null;
  }
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { removeFile, writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import type { Rejected } from '../../model/search.ts';
import type { Settings } from '../../model/settings.ts';
import type { Sample } from './search.ts';
import { differences, type TrainIdentity } from './train-identity.ts';

/** Paths of a search's files. */
export interface SearchPaths {
  readonly table: string;
  readonly rejected: string;
  /** null as long as no sample has been trained */
  readonly best: string | null;
  readonly sidecar: string;
}

/** Marks a sample that has failed; beside its last checkpoint. */
export const failureFile = (directory: string) => path.join(directory, 'failed.json');

/** The files of a search, but for its samples'. */
export const searchFiles = ['search.tsv', 'rejected.tsv', 'best.yaml', 'search.json'];

/** That a sample has failed, and what it was. */
export interface Failure {
  readonly failure: string;
  readonly identity: TrainIdentity;
}

/** Notes that a training has failed, in its folder: it would again. */
export function recordFailure(directory: string, failure: Failure): void {
  writeFileAtomic(failureFile(directory), `${JSON.stringify(failure, null, 2)}\n`);
}

/** How the same training has failed before; null if it has not, or if that is to be forgotten. */
export function failureBefore(directory: string, identity: TrainIdentity, forget: boolean): string | null {
  const file = failureFile(directory);
  if (forget) removeFile(file);
  try {
    const found: Failure = JSON.parse(readFileSync(file, 'utf8'));
    return differences(found.identity, identity).length === 0 ? found.failure : null;
  } catch {
    return null; // none there, or of another version
  }
}

/** Writes a search's tables and the best configuration. @param ranked best first */
export function writeSearch(
  directory: string,
  { ranked, rejected }: { ranked: readonly Sample[]; rejected: readonly Rejected[] },
): SearchPaths {
  const place = (name: string) => path.join(directory, name);
  const rows = ranked.map(({ best, epochs, failure, sample, settings, out }, i) => ({
    rank: best ? i + 1 : undefined,
    sample,
    balanced_accuracy: best?.validation.balancedAccuracy,
    sensitivity: best?.validation.sensitivity,
    specificity: best?.validation.specificity,
    validation_loss: best?.validation.loss,
    epochs,
    kept_epoch: best?.epoch,
    ...cells(settings),
    failure,
    path: path.relative(directory, out),
  }));
  const paths = {
    table: place('search.tsv'),
    rejected: place('rejected.tsv'),
    best: ranked[0]?.best ? place('best.yaml') : null,
    sidecar: place('search.json'),
  };
  writeFileAtomic(paths.table, formatTable(rankedColumns, rows));
  writeFileAtomic(
    paths.rejected,
    formatTable(
      rejectedColumns,
      rejected.map(({ sample, reason, settings }) => ({ sample, reason, ...cells(settings) })),
    ),
  );
  if (paths.best) writeFileAtomic(paths.best, configuration(ranked[0]));
  else removeFile(place('best.yaml'));
  return paths;
}

const settingColumns = [
  'channels',
  'sub_blocks',
  'reduction',
  'fc_layers',
  'dropout',
  'learning_rate',
  'weight_decay',
  'batch_size',
  'smoothing',
  'intensity',
  'sampling',
];

const rankedColumns = [
  'rank',
  'sample',
  'balanced_accuracy',
  'sensitivity',
  'specificity',
  'validation_loss',
  'epochs',
  'kept_epoch',
  ...settingColumns,
  'failure',
  'path',
];

const rejectedColumns = ['sample', 'reason', ...settingColumns];

/** Settings by column; lists with commas between. */
function cells(settings: Settings): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key.replaceAll('-', '_'),
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
}

/** A sample as `voxmask train --config` takes it. */
function configuration({ sample, settings, best }: Sample): string {
  const accuracy = best!.validation.balancedAccuracy.toFixed(3);
  const lines = Object.entries(settings).map(
    ([key, value]) => `${key}: ${stringify(value, { collectionStyle: 'flow' }).trim()}`,
  );
  const head = [
    `Sample ${sample} of a random search: validation balanced accuracy ${accuracy}.`,
    'voxmask train COHORT --config best.yaml --out FOLDER',
  ];
  return [...head.map((line) => `# ${line}`), ...lines, ''].join('\n');
}

import path from 'node:path';
import { describeGroups, type GridGroup, groupByGrid } from '../../cohort/build/grids.ts';
import {
  type BuildOptions,
  type BuiltCohort,
  type BuiltSession,
  buildCohort,
  countReasons,
  type Excluded,
} from '../../cohort/build/index.ts';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { listed } from '../../cohort/listed.ts';
import { readGrid, readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import { noteNaN } from '../../cohort/reading-notes.ts';
import { resample } from '../../cohort/resample.ts';
import { formatTable } from '../../cohort/table.ts';
import { describeGrid, type Grid, sameGrid } from '../../cohort/volume.ts';
import { writeSidecar } from '../sidecar.ts';
import { openOutput } from './output.ts';

export interface CohortBuildOptions extends BuildOptions {
  readonly out: string;
  readonly overwrite: boolean;
  /** resample images of other grids */
  readonly resample: boolean;
  /** an image whose grid all are to have; null takes the most frequent grid */
  readonly grid: string | null;
}

export interface CohortBuildHooks {
  /** `what` is done with the images, of which so many are done. */
  readonly onImage?: (what: 'read' | 'resampled', done: number, of: number) => void;
}

export interface CohortBuildResult {
  readonly kind: string;
  readonly variant: readonly string[];
  readonly grid: string;
  /** by diagnosis */
  readonly counts: Readonly<Record<string, { participants: number; sessions: number }>>;
  readonly excluded: readonly (readonly [reason: string, sessions: number])[];
  readonly resampled: number;
  /** what was taken for granted, and what did not match, a sentence each */
  readonly notes: readonly string[];
  readonly paths: { readonly cohort: string; readonly excluded: string; readonly sidecar: string };
}

const marker = 'cohort.tsv';

/**
 * Builds a cohort's table from what a pipeline left on disk: `cohort.tsv`, `excluded.tsv` and, where images were resampled,
 * `images/`. The table is written last: where it stands, the rest is whole.
 *
 * @throws InputError as `buildCohort`; when the images lie on several grids and resampling was not asked for; or when the
 *   folder holds a cohort
 */
export function buildCohortFiles(
  options: CohortBuildOptions,
  hooks: CohortBuildHooks = {},
): CohortBuildResult {
  const { out, overwrite, mapping } = options;
  const startedAt = new Date();
  const built = buildCohort(options);
  const files = built.sessions.map((session) => session.path);
  const groups = groupByGrid(files, (done) => hooks.onImage?.('read', done, files.length));
  const grid = options.grid === null ? groups[0].grid : readGrid(options.grid);
  const others = groups.filter((group) => !sameGrid(group.grid, grid));
  if (others.length > 0 && !options.resample) throw severalGrids(options, groups, grid);
  const output = openOutput(out, { by: 'cohort build', overwrite });
  try {
    const moving = others.flatMap((group) => group.paths);
    output.require(
      [marker, 'excluded.tsv', 'build.json', ...moving.map((file) => movedTo(file, out))],
      marker,
    );
    output.requireRemovable();
    output.removeAll();

    const moved = resampled(moving, grid, out, hooks);
    const sessions = built.sessions.map((session) => ({
      ...session,
      path: moved.get(session.path) ?? session.path,
    }));
    const paths = {
      cohort: path.join(out, marker),
      excluded: path.join(out, 'excluded.tsv'),
      sidecar: path.join(out, 'build.json'),
    };
    const result: CohortBuildResult = {
      kind: built.kind,
      variant: built.variant,
      grid: describeGrid(grid),
      counts: countsOf(built, options.classes),
      excluded: countReasons(built.excluded),
      resampled: moved.size,
      notes: built.notes,
      paths,
    };
    writeFileAtomic(paths.excluded, excludedTable(built.excluded));
    writeSidecar(out, 'build', {
      command: 'cohort build',
      options: { ...options, mapping: Object.fromEntries(mapping) },
      seed: null,
      startedAt,
      finishedAt: new Date(),
      results: { ...result, paths: undefined },
    });
    writeFileAtomic(paths.cohort, cohortTable(sessions, out));
    return result;
  } finally {
    output.close();
  }
}

function severalGrids(options: CohortBuildOptions, groups: readonly GridGroup[], grid: Grid): InputError {
  const wanted = options.grid === null ? '' : ` where ${describeGrid(grid)} are wanted`;
  return new InputError(
    options.source,
    `holds images on ${groups.length === 1 ? 'another grid' : `${groups.length} grids`}${wanted}:` +
      `${listed(describeGroups(groups), '\n  ')}\n`,
    'Give --resample to bring them onto one (trilinear), or --exclude to leave some out',
  );
}

/** Where an image goes that is brought onto another grid. */
function movedTo(file: string, out: string): string {
  const name = path.basename(file).replace(/(\.nii|\.img|\.hdr)?(\.gz)?$/i, '');
  return path.resolve(out, 'images', `${name}_desc-resampled.nii.gz`);
}

/** Writes the images of other grids anew. @returns by old path, the new one */
function resampled(
  files: readonly string[],
  grid: Grid,
  out: string,
  { onImage }: CohortBuildHooks,
): Map<string, string> {
  const like = { grid, storage: storageFor(grid, 'LAS') };
  return new Map(
    files.map((file, i) => {
      const { data, grid: from, nanCount } = readVolume(file);
      noteNaN(file, nanCount);
      const to = movedTo(file, out);
      writeVolume(to, resample(data, from, grid, 'trilinear'), like, { description: 'resampled, trilinear' });
      onImage?.('resampled', i + 1, files.length);
      return [file, to];
    }),
  );
}

function cohortTable(sessions: readonly BuiltSession[], out: string): string {
  const rows = sessions.map(({ participantId, sessionId, diagnosis, age, sex, mmse, cdr, path: file }) => ({
    participant_id: participantId,
    session_id: sessionId,
    diagnosis,
    age: age === null ? null : Number(age.toFixed(2)),
    sex,
    mmse,
    cdr,
    path: path.relative(path.resolve(out), file),
  }));
  return formatTable(Object.keys(rows[0]), rows);
}

function excludedTable(excluded: readonly Excluded[]): string {
  const rows = excluded.map(({ participantId, sessionId, reason }) => ({
    participant_id: participantId,
    session_id: sessionId,
    reason,
  }));
  return formatTable(['participant_id', 'session_id', 'reason'], rows);
}

function countsOf({ sessions }: BuiltCohort, classes: readonly string[]): CohortBuildResult['counts'] {
  return Object.fromEntries(
    classes.map((name) => {
      const own = sessions.filter(({ diagnosis }) => diagnosis === name);
      const participants = new Set(own.map(({ participantId }) => participantId)).size;
      return [name, { participants, sessions: own.length }];
    }),
  );
}

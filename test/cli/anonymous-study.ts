import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { storageFor, writeVolume } from '../../cohort/nifti.ts';
import { compareText } from '../../cohort/session.ts';
import { formatTable } from '../../cohort/table.ts';
import type { Grid } from '../../cohort/volume.ts';
import { called, dateOf, type Names, type Spec } from './anonymous-names.ts';

const grid: Grid = {
  shape: [4, 4, 4],
  affine: [-4, 0, 0, 8, 0, 4, 0, -8, 0, 0, 4, -8, 0, 0, 0, 1],
};

/** A study's folder while it is written. */
type Draft = ReturnType<typeof draft>;

function draft(root: string, spec: Spec, names: Names) {
  const ids = called(spec, names);
  const classes = ['CN', spec.telling ? `of ${ids[0]}` : 'AD'];
  const place = (...parts: string[]) => path.join(root, ...parts);
  const write = (file: string, content: string) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const table = (file: string, rows: readonly Record<string, string | number>[]) =>
    write(
      file,
      spec.damaged && file.endsWith('regions.tsv') ? 'a\tb\nc\n' : formatTable(Object.keys(rows[0]), rows),
    );
  let started = 0;
  const sidecar = (folder: string, command: string, argv: string[], options: object, results: object = {}) =>
    write(
      path.join(folder, `${command.replace(' ', '-')}.json`),
      JSON.stringify({
        ...{ command, argv, options, results, seed: 3, seconds: 60 },
        versions: { voxmask: '1.0.0', node: '20.0.0', webgpu: '0.6.2' },
        adapter: { kind: 'software', name: 'toy adapter', driver: 'toy' },
        startedAt: new Date(1e12 + 1000 * started++).toISOString(),
      }),
    );
  const volume = (file: string, value: (voxel: number) => number) => {
    mkdirSync(path.dirname(file), { recursive: true });
    const data = Float32Array.from({ length: 64 }, (_, voxel) => value(voxel));
    writeVolume(file, data, { grid, storage: storageFor(grid, 'RAS') });
  };

  const sessions = ids
    .flatMap((id, i) =>
      Array.from({ length: spec.visits[i] }, (_, visit) => ({
        ...{ participant_id: id, session_id: dateOf(names, i, visit), diagnosis: classes[i % 2] },
        ...{ age: 60 + 3 * i + visit, sex: i % 2 === 0 ? 'F' : 'M', i, visit },
        path: place('maps', `${id}_${dateOf(names, i, visit)}.nii`),
      })),
    )
    .sort((a, b) => compareText(a.participant_id, b.participant_id) || a.visit - b.visit);
  const cohort = place(`cohort-${names.cohort}`, 'check', 'accepted.tsv');
  const model = place('train', 'split-0', 'run-0');
  const group = place('masks', 'group', names.cohort, 'split-0', 'run-0');
  const objective = { lambda1: 1e-4, lambda2: 1e-2, beta1: 0.1, beta2: 1 };
  return {
    ...{ spec, names, ids, classes, sessions, cohort, model, group, objective },
    ...{ place, write, table, sidecar, volume },
  };
}

/** A checked cohort; the worst images first. */
function writeCohort({ cohort, sessions, spec, table, sidecar, volume, write }: Draft): void {
  const checked = path.dirname(cohort);
  if (spec.damaged) write(path.join(checked, 'excluded.tsv'), 'a\tb\nc\n'); // who took part is read from it
  table(
    cohort,
    sessions.map(({ i: _, visit: _1, ...row }) => row),
  );
  // The third and the fourth look alike, so that the order of their names decides which comes first.
  const looks = sessions.map((session) => ({ ...session, like: Math.min(session.i, 2) }));
  for (const { path: file, like, visit } of looks)
    if (spec.volumes) volume(file, (voxel) => ((voxel + like + visit) % 5) / 4);
    else write(file, '');
  const reasons = (file: string, id: string) => [
    `cannot be read: ${file}; ${id}`,
    'below 0, down to -0.100',
    'n/a',
  ];
  table(
    path.join(checked, 'check.tsv'),
    [...looks]
      .sort((a, b) => a.like - b.like || a.visit - b.visit) // equals by name, as before
      .map(({ participant_id, session_id, diagnosis, path: file, like, visit }) => ({
        ...{ participant_id, session_id, diagnosis, verdict: ['rejected', 'flagged', 'accepted'][like] },
        reasons: reasons(file, participant_id)[like],
        ...{
          maximum: spec.volumes ? 0.9 + 0.01 * like + 0.001 * visit : 'n/a',
          correlation: 0.5 + 0.1 * like,
        },
        ...{
          gray_matter_ml: 500 + 10 * like + visit,
          above_one_share: 0,
          path: path.relative(checked, file),
        },
      })),
  );
  sidecar(checked, 'cohort check', ['cohort', 'check', cohort, '--minimum', '0.9', '--out', checked], {
    minimum: 0.9,
  });
}

/** A network, and whom it was judged on. */
function writeTraining({ model, classes, cohort, sessions, spec, place, table, sidecar }: Draft): void {
  const network = { classes, channels: [4, 8], subBlocks: [1, 1], fcLayers: 1, dropout: 0.5 };
  if (spec.volumes)
    table(path.join(model, 'history.tsv'), [
      { epoch: 1, train_loss: 0.7, validation_loss: 0.8, balanced_accuracy: 0.5 },
      { epoch: 2, train_loss: 0.5, validation_loss: 0.9, balanced_accuracy: 0.7 },
    ]);
  table(
    path.join(model, 'predictions.tsv'),
    sessions.map(({ participant_id, session_id, diagnosis, i }) => ({
      ...{ participant_id, session_id, true_label: diagnosis, predicted_label: classes[1], proba1: i / 8 },
    })),
  );
  sidecar(
    model,
    'train',
    [
      'train',
      cohort,
      '--fold',
      '0',
      '--classes',
      classes.join(','),
      '--channels',
      '4,8',
      '--out',
      place('train'),
    ],
    { cohort, fold: 0, network, training: { epochs: 2, batchSize: 8 } },
    { best: { epoch: 2, validation: { balancedAccuracy: 0.7, sensitivity: 0.75, specificity: 0.5 } } },
  );
}

/** A group mask with its outliers. */
function writeGroupMask({
  group,
  model,
  cohort,
  classes,
  objective,
  sessions,
  spec,
  table,
  sidecar,
  volume,
}: Draft): void {
  const regions = [
    { value: 1, name: 'Hippocampus_L', voxels: 8, density: 0.5 },
    { value: 2, name: 'Amygdala_R', voxels: 8, density: 0.25 },
  ];
  table(path.join(group, 'regions.tsv'), regions);
  table(
    path.join(group, 'outliers.tsv'),
    sessions.map(({ participant_id, session_id, i, visit }) => ({
      ...{
        participant_id,
        session_id,
        loss: 0.1 * i + 0.01 * visit,
        z: 4 + i + 0.1 * visit,
        outlier: 'true',
      },
    })),
  );
  if (spec.volumes) volume(path.join(group, 'mask_thresholded.nii.gz'), (voxel) => (voxel % 4) / 4);
  sidecar(
    group,
    'mask group',
    [
      'mask',
      'group',
      '--model',
      model,
      '--cohort',
      cohort,
      '--class',
      classes[1],
      '--mu',
      '1',
      '--out',
      group,
    ],
    { model, cohort, independent: false, mu: 1, objective },
    {
      ...{
        className: classes[1],
        touchedShare: 0.25,
        steps: 10,
        probabilities: { before: 0.9, after: 0.125 },
      },
      ...{ fittedOn: sessions.map((one) => `${one.participant_id} ${one.session_id}`), fit: { used: 2 } },
      notNumbers: { [sessions[0].path]: 3 },
    },
  );
}

/** A mask of every session. */
function writeSessionMasks({
  model,
  cohort,
  classes,
  objective,
  sessions,
  names,
  spec,
  place,
  sidecar,
  volume,
}: Draft): void {
  for (const { participant_id: participantId, session_id: sessionId, i, visit, path: image } of sessions) {
    const folder = place('masks', 'session', names.cohort, 'split-0', participantId, sessionId);
    if (spec.volumes) volume(path.join(folder, 'mask_thresholded.nii.gz'), (voxel) => ((voxel + i) % 4) / 4);
    sidecar(
      folder,
      'mask session',
      ['mask', 'session', '--model', model, '--image', image, '--sessions', participantId, '--out', folder],
      { model, from: { cohort }, objective },
      {
        ...{
          participantId,
          sessionId,
          className: classes[1],
          steps: 10 + i,
          touchedShare: 0.01 * (1 + i + 10 * visit),
        },
        probabilities: { before: 0.9, after: 0.05 },
      },
    );
  }
}

/** A comparison that lists its masks, or one of the user's that does not. */
function writeComparisons({ sessions, names, model, cohort, spec, place, table, sidecar }: Draft): void {
  const masks = sessions.map((one) => ({ ...one, name: `${one.participant_id}_${one.session_id}` }));
  const similarity = masks.map((a) => ({
    mask: a.name,
    ...Object.fromEntries(
      masks.map((b) => [b.name, a === b ? 1 : 1 / (2 + a.i + b.i + 4 * (a.visit + b.visit))]),
    ),
  }));
  const of = spec.isStudy ? 'sessions' : names.comparison;
  const folder = place('compare', of);
  const listed = masks.map(({ name, participant_id, session_id, path: file }) => ({
    ...{ name, participant_id, session_id, fold: 0, run: 0, cohort, model, path: file },
    ...{ stopped: 'limit', convergence: 'not converged', last_fall: 0.2, extent: 'veil' },
  }));
  if (of === 'sessions') table(path.join(folder, 'masks.tsv'), listed);
  table(path.join(folder, 'roi_similarity.tsv'), similarity);
  table(path.join(folder, 'summary.tsv'), [
    { between: 'between participants', pairs: 3, participants: 3, roi_similarity: 0.5 },
  ]);
  sidecar(folder, 'compare', ['compare', place('masks', 'session'), '--out', folder], {});
}

/** A grid of another stage than the paper's. */
function writeGrid({ ids, names, model, cohort, spec, place, table, sidecar, volume, write }: Draft): void {
  const grids = place('grid');
  table(
    path.join(grids, 'points.tsv'),
    [0.1, 0.5].map((beta1, i) => ({
      ...{ stage: names.stage, beta1, beta2: 1, lambda1: 0.1, lambda2: 0.1, loss: 0.5 - 0.1 * i },
      ...{ top_regions: 'Hippocampus_L,Amygdala_R', mask: `${i}.nii.gz`, fell_back: 'false' },
      ...{ convergence: 'not converged', last_fall: 0.2, extent: i === 0 ? 'veil' : 'part' },
    })),
  );
  table(path.join(grids, `similarity_${names.stage}_beta1.tsv`), [
    { beta1: 0.1, 'beta1=0.1': 1, 'beta1=0.5': 0.25, state: 'veil, not converged' },
    { beta1: 0.5, 'beta1=0.1': 0.25, 'beta1=0.5': 1, state: `empty, ${ids[0]}` },
  ]);
  if (spec.volumes)
    for (const i of [0, 1]) volume(path.join(grids, `${i}.nii.gz`), (voxel) => ((voxel + i) % 4) / 4);
  write(path.join(grids, `masks_${names.stage}.png`), `no picture of ${ids[0]}`);
  sidecar(grids, 'grid', ['grid', place('grid.yaml'), '--model', model, '--cohort', cohort], {});
}

/** Maps of the user's and of other methods. */
function writeChecks({
  ids,
  names,
  model,
  sessions,
  spec,
  place,
  table,
  sidecar,
  volume,
  write,
}: Draft): void {
  table(path.join(place('validate'), 'validation.tsv'), [
    { name: names.map, kind: 'map', deletion_area: 0.25, state: `veil, ${ids[0]}` },
    { name: 'random voxels', kind: 'comparison', deletion_area: 0.5 },
  ]);
  sidecar(
    place('validate'),
    'validate',
    ['validate', `${names.map}=${model}`, '--out', place('validate')],
    {},
  );
  const explain = place('explain', names.map);
  write(path.join(explain, 'mosaic.png'), `no picture of ${ids[0]}`);
  if (spec.volumes) volume(path.join(explain, 'mask.nii.gz'), (voxel) => ((voxel + 2) % 4) / 4);
  sidecar(explain, 'explain', ['explain', '--image', sessions[0].path, '--method', 'grad-cam'], {});
}

const writers = {
  cohort: writeCohort,
  train: writeTraining,
  group: writeGroupMask,
  sessions: writeSessionMasks,
  compare: writeComparisons,
  grid: writeGrid,
  checks: writeChecks,
};

/** Writes the results of a study as its commands would, in the order of the names as they do. @returns its folder */
export function writeStudy(parent: string, spec: Spec, names: Names): string {
  const root = path.join(parent, names.root);
  const study = draft(root, spec, names);
  for (const part of spec.parts) writers[part](study);
  if (spec.isStudy)
    study.write(path.join(root, 'study.json'), JSON.stringify(studyOf(names, study.ids, study.cohort)));
  return root;
}

/** A study whose units, titles and errors hold names. */
function studyOf(names: Names, ids: readonly string[], cohort: string) {
  const unit = (id: string, status: string, command: string[], more: object = {}) => ({
    ...{
      id,
      status,
      command,
      out: id,
      title: `Unit ${id} of ${names.cohort}`,
      experiments: ['E1'],
      needs: [],
    },
    ...more,
  });
  return {
    name: `${names.study} of ${ids[0]}`,
    units: [
      unit(`cohort-${names.cohort}/check`, 'done', ['cohort', 'check', cohort], { seconds: 2 }),
      unit(`mask/${names.cohort}-sessions`, 'failed', ['mask', 'session', '--sessions', ids[0], ids[1]], {
        error: `${ids[0]} ${dateOf(names, 0, 0)} cannot be read on ${names.host}`,
        out: 'masks/session',
      }),
      unit('other', 'missing', ['newer', ids[1], `--${ids[2]}`], { experiments: [ids[0]] }),
    ],
  };
}

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkCohort } from '../../cli/jobs/cohort-check.ts';
import { writeMaskFiles } from '../../cli/jobs/mask-files.ts';
import { splitKfold } from '../../cli/jobs/split-kfold.ts';
import { writeSidecar } from '../../cli/sidecar.ts';
import { alignedAtlas, readAtlas } from '../../cohort/atlas.ts';
import { readCohort, type Session } from '../../cohort/cohort.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { checkDefaults } from '../../cohort/quality/check.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { formatTable } from '../../cohort/table.ts';
import { regionUse, topRegions } from '../../masking/regions.ts';

/** A study's folder as its commands leave it, of three folds of which the last is missing, made without a GPU. */
export interface ReportStudy {
  readonly folder: string;
  readonly participants: readonly string[];
  readonly planted: readonly string[];
}

const classes = ['CN', 'AD'];
const times = { startedAt: new Date(0), finishedAt: new Date(60_000) };
const adapter = { kind: 'software', name: 'toy adapter', driver: 'toy' };

/** 3 participants per class at 6 mm; folds 0 and 1 with networks and group masks, sessions' masks, comparisons. */
export async function reportStudy(folder: string): Promise<ReportStudy> {
  const place = (...names: string[]) => path.join(folder, ...names);
  const simulated = simulateCohort(place('cohort-toy', 'simulated'), {
    participantsPerClass: 3,
    strength: 0.3,
    resolution: 6,
    seed: 1,
  });
  const check = place('cohort-toy', 'check');
  await checkCohort({ ...checkDefaults, cohort: simulated.cohort, classes, out: check, overwrite: false });
  const cohort = path.join(check, 'accepted.tsv');
  const { sessions } = readCohort(cohort, classes);
  splitKfold({
    ...{ cohort, classes, test: null, folds: 3, method: 'balanced', seed: 2 },
    ...{ out: place('split', 'folds'), overwrite: false },
  });
  for (const fold of [0, 1]) {
    writeTraining(place('train', `split-${fold}`, 'run-0'), cohort, fold, sessions);
    writeMask(place('masks', 'group', 'toy', `split-${fold}`, 'run-0'), {
      fold,
      cohort,
      sessions,
      simulated,
    });
  }
  writeEvaluation(place('evaluate', 'test'), cohort);
  for (const session of sessions.filter(({ diagnosis }) => diagnosis === 'AD').slice(0, 2))
    writeSessionMask(place('masks', 'session', 'toy', 'split-0', session.participantId), session, cohort);
  writeComparison(place('compare', 'folds'), ['folds', 0.5], folder, ['split-0', 'split-1']);
  writeComparison(
    place('compare', 'sessions'),
    ['between participants', 0.9],
    folder,
    sessions.slice(3, 5).map(({ participantId }) => participantId),
  );
  writeFileSync(place('study.json'), JSON.stringify(study(cohort, sessions[0].participantId)));
  return {
    folder,
    participants: sessions.map(({ participantId }) => participantId),
    planted: simulated.plantedRegions,
  };
}

function study(cohort: string, participant: string) {
  const unit = (id: string, status: string, command: string[], more: object = {}) => ({
    ...{ id, status, command, out: id, title: `unit ${id}`, experiments: [], needs: [] },
    ...more,
  });
  const train = (fold: number) => [
    'train',
    cohort,
    '--split',
    'split/folds',
    '--fold',
    String(fold),
    '--out',
    'train',
  ];
  return {
    name: 'toy study',
    units: [
      unit(
        'cohort-toy/check',
        'done',
        ['cohort', 'check', 'cohort-toy/simulated/cohort.tsv', '--out', 'cohort-toy/check'],
        { seconds: 2 },
      ),
      unit('train/fold-0', 'done', train(0), { out: 'train' }),
      unit('train/fold-2', 'failed', train(2), { out: 'train', error: `${participant} cannot be read` }),
      unit('compare/folds', 'missing', ['compare', 'masks', '--out', 'compare/folds']),
      unit('grid', 'missing', [
        'grid',
        '--model',
        'train/split-0/run-0',
        '--cohort',
        cohort,
        '--out',
        'grid',
      ]),
    ],
  };
}

function writeTraining(folder: string, cohort: string, fold: number, sessions: readonly Session[]): void {
  const epochs = [1, 2, 3].map((epoch) => ({
    epoch,
    train_loss: 0.7 / epoch,
    validation_loss: 0.8 / epoch,
    balanced_accuracy: 0.4 + 0.1 * epoch,
  }));
  writeFileAtomic(path.join(folder, 'history.tsv'), formatTable(Object.keys(epochs[0]), epochs));
  const rows = sessions.slice(1, 5).map(({ participantId, sessionId, diagnosis }, i) => ({
    ...{ participant_id: participantId, session_id: sessionId, true_label: diagnosis, predicted_label: 'AD' },
    proba1: [0.6, 0.8, 0.9, 0.7][i], // CN, CN, AD, AD: three of four pairs are in order
  }));
  writeFileAtomic(path.join(folder, 'predictions.tsv'), formatTable(Object.keys(rows[0]), rows));
  writeSidecar(folder, 'train', {
    command: 'train',
    options: {
      cohort,
      fold,
      network: { classes, channels: [4, 8], subBlocks: [1, 1], fcLayers: 1, dropout: 0.5 },
      training: { epochs: 3, batchSize: 8 },
    },
    seed: 0,
    adapter,
    ...times,
    results: {
      epochs: 3,
      interrupted: false,
      best: { epoch: 2, validation: { balancedAccuracy: 0.6, sensitivity: 1, specificity: 0.2 } },
    },
  });
}

function writeEvaluation(folder: string, cohort: string): void {
  const rows = [0, 1].map((fold) => ({
    ...{
      model: path.join(folder, '..', '..', 'train', `split-${fold}`, 'run-0'),
      participants: 40,
      sessions: 40,
    },
    ...{ balanced_accuracy: 0.8 + 0.1 * fold, balanced_accuracy_low: 0.7, balanced_accuracy_high: 0.95 },
    ...{ sensitivity: 0.8, specificity: 0.8, auc: 0.9 },
    ...{ true_positive: 16, false_negative: 4, true_negative: 15, false_positive: 5 },
  }));
  writeFileAtomic(path.join(folder, 'evaluation.tsv'), formatTable(Object.keys(rows[0]), rows));
  writeSidecar(folder, 'evaluation', {
    command: 'evaluate',
    options: { cohort, set: 'all' },
    seed: 0,
    adapter,
    ...times,
  });
}

interface MaskOf {
  readonly fold: number;
  readonly cohort: string;
  readonly sessions: readonly Session[];
  readonly simulated: {
    readonly atlas: string;
    readonly labels: string;
    readonly plantedRegions: readonly string[];
  };
}

/** What fold 1's mask says of itself; fold 0's is of an earlier version, which recorded nothing. */
const unfinished = { stopped: 'limit', convergence: 'not converged', lastFall: 0.3, extent: 'veil' };

/** A mask that hides two of the planted regions, others in each fold. */
function writeMask(folder: string, { fold, cohort, sessions, simulated }: MaskOf): void {
  const { grid, storage, data } = readVolume(sessions[0].path);
  const atlas = alignedAtlas(readAtlas(simulated.atlas, simulated.labels), grid);
  const hidden = atlas.regions.filter(({ name }) =>
    simulated.plantedRegions.slice(2 * fold, 2 * fold + 2).includes(name),
  );
  const mask = Float32Array.from(atlas.labels, (label) =>
    hidden.some(({ value }) => value === label) ? 0.2 : 1,
  );
  const loss = { total: 0.1, size: 0.02, variation: 0.03, score: 0.05 };
  const best = { epoch: 1, steps: 10, train: loss, validation: loss, seconds: 1 };
  mkdirSync(folder, { recursive: true });
  writeMaskFiles(folder, {
    ...{ className: 'AD', grid, storage, mask, thresholded: mask, background: data, epochs: [best], best },
    ...{
      regions: topRegions(regionUse(mask, atlas), atlas.regions.length),
      planted: simulated.plantedRegions,
      losses: null,
    },
  });
  writeSidecar(folder, 'mask', {
    command: 'mask group',
    options: {
      ...{
        model: path.join(folder, '..', '..', '..', '..', '..', 'train', `split-${fold}`, 'run-0'),
        cohort,
        independent: false,
      },
      ...{
        atlas: { image: simulated.atlas, labels: simulated.labels },
        mu: 1,
        objective: { lambda1: 1e-4, lambda2: 1e-2, beta1: 0.1, beta2: 1 },
      },
    },
    seed: 0,
    adapter,
    ...times,
    results: {
      ...{ className: 'AD', fit: { used: 2, of: 2 }, select: { used: 1, of: 1 }, epochs: 1, steps: 10, best },
      ...{ probabilities: { before: 0.9, after: 0.02 }, touchedShare: 0.01, interrupted: false },
      ...(fold === 1 && { state: unfinished }),
      ...{
        fittedOn: sessions.slice(3).map(({ participantId, sessionId }) => `${participantId} ${sessionId}`),
        selectedOn: [],
      },
    },
  });
}

function writeSessionMask(folder: string, session: Session, cohort: string): void {
  const volume = readVolume(session.path);
  const mask = volume.data.map((value) => (value > 0.9 ? 0.5 : 1));
  writeVolume(path.join(folder, 'mask_thresholded.nii.gz'), mask, volume);
  const { participantId, sessionId } = session;
  writeSidecar(folder, 'mask', {
    command: 'mask session',
    options: { model: 'train/split-0/run-0', from: { cohort } },
    seed: null,
    adapter,
    ...times,
    results: {
      ...{ participantId, sessionId, steps: 10, touchedShare: 0.02 },
      probabilities: { before: 0.9, after: 0.05 },
    },
  });
}

function writeComparison(
  folder: string,
  [between, mean]: [string, number],
  root: string,
  names: readonly string[],
): void {
  const write = (name: string, rows: Record<string, string | number>[]) =>
    writeFileAtomic(path.join(folder, name), formatTable(Object.keys(rows[0]), rows));
  write('summary.tsv', [
    {
      between,
      pairs: 1,
      participants: 2,
      ...(between === 'folds' && { doubtful_pairs: 1 }),
      roi_similarity: mean,
      roi_similarity_low: mean - 0.1,
      roi_similarity_high: 1,
      roi_similarity_lowest: mean,
      roi_similarity_highest: mean,
      roi_similarity_undefined: 0,
    },
  ]);
  write(
    'roi_similarity.tsv',
    names.map((name, i) => ({ mask: name, [names[0]]: i === 0 ? 1 : mean, [names[1]]: i === 1 ? 1 : mean })),
  );
  const known = (name: string) =>
    name.startsWith('sub-')
      ? { participant_id: name, fold: 0 }
      : { participant_id: 'n/a', fold: Number(name.at(-1)) };
  write(
    'masks.tsv',
    names.map((name) => ({
      name,
      ...known(name),
      session_id: 'n/a',
      run: 0,
      cohort: 'n/a',
      model: 'n/a',
      stopped: name === 'split-1' ? unfinished.stopped : 'unknown',
      convergence: name === 'split-1' ? unfinished.convergence : 'unknown',
      last_fall: name === 'split-1' ? unfinished.lastFall : 'n/a',
      extent: name === 'split-1' ? unfinished.extent : 'part',
      path: path.join(root, name),
    })),
  );
  writeSidecar(folder, 'compare', { command: 'compare', options: {}, seed: 0, adapter: null, ...times });
}

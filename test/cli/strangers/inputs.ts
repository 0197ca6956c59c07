import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { main } from '../../../cli/run.ts';
import { readCohort } from '../../../cohort/cohort.ts';
import { writeFileAtomic } from '../../../cohort/files.ts';
import { readVolume, storageFor, writeVolume } from '../../../cohort/nifti.ts';
import { resample } from '../../../cohort/resample.ts';
import { simulateCohort } from '../../../cohort/simulate/index.ts';
import { formatTable } from '../../../cohort/table.ts';
import { writeBiasedModel } from '../mask-cohort.ts';
import type { Inputs } from './commands.ts';

/** Voxels of 12 mm: an eighth of the coarsest simulated images. */
const grid = {
  shape: [16, 19, 16] as const,
  affine: [-12, 0, 0, 90, 0, 12, 0, -126, 0, 0, 12, -72, 0, 0, 0, 1],
};
const like = { grid, storage: storageFor(grid, 'LAS') };

/** Makes what the commands are given: a cohort, a training, a group mask, a CAPS tree, a checkpoint of PyTorch. */
export async function makeInputs(): Promise<Inputs> {
  const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-strangers-'));
  const place = (...names: string[]) => path.join(folder, ...names);
  const simulated = { strength: 0.3, resolution: 6, seed: 1 };
  const fine = simulateCohort(place('fine'), { ...simulated, participantsPerClass: 6 });
  simulateCohort(place('study'), { ...simulated, participantsPerClass: 1, layout: 'caps' });
  const cohort = coarser(fine.cohort, place('cohort', 'cohort.tsv'));
  const unlike = simulateCohort(place('fine others'), { ...simulated, participantsPerClass: 6, seed: 2 });
  const others = coarser(unlike.cohort, place('others', 'others.tsv'));
  writeFileAtomic(others, readFileSync(others, 'utf8').replaceAll('\nsub-', '\nsub-other'));
  const atlas = readVolume(fine.atlas);
  const files = { cohort, atlas: place('cohort', 'atlas.nii.gz'), labels: fine.labels, truth: fine.truth };
  writeVolume(files.atlas, resample(atlas.data, atlas.grid, grid, 'nearest'), like, { datatype: 'int16' });
  const read = readCohort(cohort, ['CN', 'AD']);
  const model = writeBiasedModel(place('biased'), read, 'AD');

  const trained = place('trained');
  const small = ['--channels', '4,8', '--sub-blocks', '1,1', '--batch-size', '4', '--learning-rate', '0.003'];
  await run('train', cohort, '--out', trained, '--folds', '3', '--epochs', '6', ...small);
  const mask = place('mask');
  await run('mask', 'group', '--model', model, '--cohort', cohort, '--out', mask, '--steps', '1');
  return {
    ...{ folder, files, model, trained, mask, ...checkpointIn(folder), described: fine.cohort, others },
    ...{ caps: place('study', 'caps'), bids: place('study', 'bids') },
    image: read.sessions.find(({ diagnosis }) => diagnosis === 'AD')!.path,
  };
}

/** Brings a cohort's images onto the coarse grid. @returns the table of the new one */
function coarser(fine: string, table: string): string {
  const rows = readCohort(fine, ['CN', 'AD']).sessions.map((session) => {
    const image = readVolume(session.path);
    const name = `${session.participantId}.nii.gz`;
    writeVolume(
      path.join(path.dirname(table), name),
      resample(image.data, image.grid, grid, 'trilinear'),
      like,
    );
    const { participantId: participant_id, sessionId: session_id, diagnosis } = session;
    return { participant_id, session_id, diagnosis, path: name };
  });
  writeFileAtomic(table, formatTable(Object.keys(rows[0]), rows));
  return table;
}

/** A network of PyTorch, and an image as it takes them. */
function checkpointIn(folder: string) {
  const fixtures = path.resolve('test/fixtures/pytorch');
  const { shape, image } = JSON.parse(readFileSync(path.join(fixtures, 'expected.json'), 'utf8'));
  const its = { shape, affine: [-2, 0, 0, 5, 0, 2, 0, -7, 0, 0, 2, 1, 0, 0, 0, 1] };
  const checkpointImage = path.join(folder, 'checkpoint.nii.gz');
  writeVolume(checkpointImage, Float32Array.from(image), { grid: its, storage: storageFor(its, 'LAS') });
  const checkpoint = path.join(folder, 'checkpoint.pth');
  copyFileSync(path.join(fixtures, 'state.pth'), checkpoint);
  return { checkpoint, checkpointImage };
}

async function run(...words: string[]): Promise<void> {
  const silent = vi.spyOn(console, 'log').mockImplementation(() => {});
  const code = await main([...words, '--quiet']);
  silent.mockRestore();
  if (code !== 0) throw new Error(`${words.join(' ')}: ended with ${code}`);
}

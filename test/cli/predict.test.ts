import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { readTable } from '../../cohort/table.ts';
import type { Grid } from '../../cohort/volume.ts';
import { fixtureArrays, fixturePath } from '../model/fixtures.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-predict-'));
collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

function place(name: string): string {
  return path.join(folder, name);
}

/** Writes a float32 volume in the canonical orientation; voxels of 6 mm unless told otherwise. */
function write(name: string, shape: Grid['shape'], data: Float32Array, origin = 0): string {
  const affine = [-6, 0, 0, origin, 0, 6, 0, 0, 0, 0, 6, 0, 0, 0, 0, 1];
  const grid = { shape, affine };
  writeVolume(place(name), data, { grid, storage: storageFor(grid, 'LAS') });
  return place(name);
}

describe.each(['network', 'network-stride'])('with the weights of PyTorch (%s)', (name) => {
  const model = fixturePath(`${name}-final.safetensors`);
  const { shape, data: x } = fixtureArrays(name).get('x')!;
  const inputShape = shape.slice(2) as unknown as Grid['shape'];
  const voxels = x.length / shape[0];
  const images = Array.from({ length: shape[0] }, (_, i) =>
    write(`${name}-${i}.nii${i % 2 ? '.gz' : ''}`, inputShape, x.slice(i * voxels, (i + 1) * voxels), i),
  );

  it.each([1, 3, 8])('predicts as PyTorch does, in batches of %d', async (batchSize) => {
    const words = [
      'predict',
      '--model',
      model,
      ...images,
      '--batch-size',
      `${batchSize}`,
      '--json',
      '--quiet',
    ];
    expect(await main(words)).toBe(0);
    expect(printed.err).toBe('');
    const expected = fixtureArrays(name).get('eval_probabilities')!.data;
    const result = JSON.parse(printed.out);
    expect(Object.keys(result)).toEqual(['images']);
    expect(result.images.map((image: { path: string }) => image.path)).toEqual(images);
    result.images.forEach((image: Record<string, unknown>, i: number) => {
      expect(Object.keys(image)).toEqual(['path', 'predicted', 'probabilities']);
      const probabilities = image.probabilities as Record<string, number>;
      expect(Object.keys(probabilities)).toEqual(['CN', 'AD']);
      expect(Math.abs(probabilities.CN - expected[2 * i])).toBeLessThan(1e-5);
      expect(Math.abs(probabilities.AD - expected[2 * i + 1])).toBeLessThan(1e-5);
      expect(image.predicted).toBe(expected[2 * i + 1] > expected[2 * i] ? 'AD' : 'CN');
    });
  });
});

describe('with a network of its own', () => {
  const made = simulateCohort(place('cohort'), {
    participantsPerClass: 5,
    strength: 0.3,
    resolution: 6,
    seed: 1,
  });
  const trained = place('trained');
  const best = path.join(trained, 'split-0/run-0/best-balanced_accuracy');
  const model = path.join(best, 'model.safetensors');
  const { sessions } = readCohort(made.cohort, ['CN', 'AD']);
  const image = sessions[0].path;

  it('says of the validation set what training wrote, and shows it as a table', async () => {
    const small = ['--channels', '4,8', '--sub-blocks', '1,1', '--epochs', '1', '--batch-size', '4'];
    expect(await main(['train', made.cohort, '--out', trained, ...small, '--quiet'])).toBe(0);
    printed.out = '';
    const rows = readTable(path.join(best, 'validation/validation_image_level_prediction.tsv')).rows;
    const pathOf = (participant: string) =>
      sessions.find((session) => session.participantId === participant)!.path;
    const paths = rows.map((row) => pathOf(row.participant_id));
    expect(await main(['predict', '--model', model, ...paths, '--json', '--quiet'])).toBe(0);
    const { images } = JSON.parse(printed.out);
    expect(images).toHaveLength(2);
    rows.forEach((row, i) => {
      expect(images[i].predicted).toBe(row.predicted_label);
      expect(images[i].probabilities.CN).toBeCloseTo(Number(row.proba0), 6);
      expect(images[i].probabilities.AD).toBeCloseTo(Number(row.proba1), 6);
    });

    printed.out = '';
    expect(await main(['predict', ...paths, '--model', model, '--batch-size', '1'])).toBe(0);
    const lines = printed.out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^image +predicted +P\(CN\) +P\(AD\)$/);
    rows.forEach((row, i) => {
      const numbers = `${Number(row.proba0).toFixed(4)} +${Number(row.proba1).toFixed(4)}`;
      expect(lines[i + 2]).toContain(paths[i]);
      expect(lines[i + 2]).toMatch(new RegExp(` ${row.predicted_label} +${numbers}$`));
    });
    expect(printed.err).toMatch(/Predicting: 100 %, 2\/2/);
  });

  it('reads voxels that are no number as 0, and says so', async () => {
    const { data, ...like } = readVolume(image);
    data.fill(0, 20_000, 20_002);
    writeVolume(place('zeros.nii.gz'), data, like, { datatype: 'float32', slope: 1 });
    data.fill(Number.NaN, 20_000, 20_002);
    writeVolume(place('holes.nii.gz'), data, like, { datatype: 'float32', slope: 1 });
    const words = [
      'predict',
      '--model',
      model,
      place('zeros.nii.gz'),
      place('holes.nii.gz'),
      '--json',
      '--quiet',
    ];
    expect(await main(words)).toBe(0);
    const { images } = JSON.parse(printed.out);
    expect(images[1].probabilities).toEqual(images[0].probabilities);
    expect(printed.err).toMatch(/^\S*holes\.nii\.gz \(2 voxels\): NaN voxels, read as 0\n$/);
  });

  const refused: [string, () => string[], number, RegExp][] = [
    ['a missing model', () => ['--model', 'no.safetensors', image], 1, /no\.safetensors: does not exist/],
    ['a model that is none', () => ['--model', made.cohort, image], 1, /cohort\.tsv: /],
    ['a missing image', () => ['--model', model, 'no.nii.gz'], 1, /no\.nii\.gz: does not exist/],
    ['a file that is not NIfTI', () => ['--model', model, notNifti()], 1, /text\.nii: .*NIfTI/],
    [
      'an image of another shape',
      () => ['--model', model, write('cube.nii', [4, 4, 4], new Float32Array(64))],
      1,
      /cube\.nii: has 4 x 4 x 4 voxels of 6 x 6 x 6 mm, but .*model\.safetensors takes 31 x 37 x 31 voxels/,
    ],
    [
      'an image on another grid',
      () => ['--model', model, shifted()],
      1,
      /shifted\.nii: lies on another grid than/,
    ],
    [
      'it among others',
      () => ['--model', model, image, shifted()],
      1,
      /^voxmask: \S*shifted\.nii: lies on another/,
    ],
    ['two models', () => ['--model', model, '--model', model, image], 2, /--model is given twice/],
    ['no image', () => ['--model', model], 2, /missing: voxmask predict <images\.\.>/],
    ['no model', () => [image], 2, /Missing required argument: model/],
    [
      'a batch of none',
      () => ['--model', model, image, '--batch-size', '0'],
      2,
      /--batch-size takes a whole number/,
    ],
    [
      'a batch of many',
      () => ['--model', model, image, '--batch-size', 'x'],
      2,
      /--batch-size takes a number/,
    ],
    ['an unknown adapter', () => ['--model', model, image, '--adapter', 'abacus'], 1, /No adapter "abacus"/],
  ];

  it.each(refused)('refuses %s', async (_, words, code, fault) => {
    expect(await main(['predict', ...words(), '--quiet'])).toBe(code);
    expect(printed.err).toMatch(fault);
    expect(printed.err).not.toContain('    at ');
    expect(printed.out).toBe('');
  });

  function notNifti(): string {
    writeFileSync(place('text.nii'), 'no image at all\n'.repeat(40));
    return place('text.nii');
  }

  /** The first image, moved by half a voxel. */
  function shifted(): string {
    const { grid, data } = readVolume(image);
    const affine = grid.affine.with(3, grid.affine[3] + 3);
    const moved = { shape: grid.shape, affine };
    writeVolume(place('shifted.nii'), data, { grid: moved, storage: storageFor(moved, 'LAS') });
    return place('shifted.nii');
  }
});

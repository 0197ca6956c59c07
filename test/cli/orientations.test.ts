import path from 'node:path';
import { expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { put, rawFile, temporaryFolder } from '../cohort/raw-nifti.ts';
import { fixtureArrays, fixturePath } from '../model/fixtures.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = temporaryFolder();
collectPrinted();

const { shape, data: x } = fixtureArrays('network').get('x')!;
const sizes = shape.slice(2); // of the canonical array: right to left, posterior to anterior, inferior to superior
const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** The image stored so that stored axis i runs along canonical axis axes[i], backwards where flips[i]. */
function stored(axes: number[], flips: boolean[]): string {
  const dims = axes.map((axis) => sizes[axis]);
  const values: number[] = [];
  for (let k = 0; k < dims[2]; k++)
    for (let j = 0; j < dims[1]; j++)
      for (let i = 0; i < dims[0]; i++) {
        const at = [0, 0, 0];
        [i, j, k].forEach((index, axis) => {
          at[axes[axis]] = flips[axis] ? dims[axis] - 1 - index : index;
        });
        values.push(x[(at[0] * sizes[1] + at[1]) * sizes[2] + at[2]]);
      }
  // Canonical voxel (a, b, c) lies at (-2 a + 5, 2 b - 7, 2 c + 1) mm.
  const [directions, origin] = [
    [-2, 2, 2],
    [5, -7, 1],
  ];
  const sform = [0, 1, 2].flatMap((world) => {
    const columns = axes.map((axis, i) => (axis === world ? directions[world] * (flips[i] ? -1 : 1) : 0));
    const start = axes.reduce(
      (sum, axis, i) => sum + (axis === world && flips[i] ? directions[world] * (dims[i] - 1) : 0),
      origin[world],
    );
    return [...columns, start];
  });
  const name = `${axes.join('')}-${flips.map(Number).join('')}.nii`;
  return put(folder, name, rawFile({ dims, datatype: 'float32', sform, values }));
}

it('gives one image in 48 orientations one answer, and keeps it through masks of the same storage', async () => {
  const files = permutations.flatMap((axes) =>
    Array.from({ length: 8 }, (_, bits) =>
      stored(
        axes,
        [0, 1, 2].map((i) => ((bits >> i) & 1) === 1),
      ),
    ),
  );
  expect(new Set(files).size).toBe(48);
  const model = fixturePath('network-final.safetensors');
  expect(await main(['predict', '--model', model, ...files, '--json', '--quiet'])).toBe(0);
  const { images } = JSON.parse(printed.out);
  const answers = new Set(
    images.map(({ probabilities }: { probabilities: object }) => JSON.stringify(probabilities)),
  );
  expect(answers.size).toBe(1);

  const [first, ...others] = files.map((file) => readVolume(file));
  for (const other of others) {
    expect(other.data).toEqual(first.data);
    expect(other.grid).toEqual(first.grid);
  }
  files.forEach((file, i) => {
    const again = path.join(folder, `again-${i}.nii.gz`);
    writeVolume(again, first.data, readVolume(file));
    expect(readVolume(again).data).toEqual(first.data);
    expect(readVolume(again).storage.shape).toEqual(readVolume(file).storage.shape);
  });
});

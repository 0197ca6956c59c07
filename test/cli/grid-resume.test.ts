import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GridOptions, maskGrid } from '../../cli/jobs/grid.ts';
import { main } from '../../cli/run.ts';
import { readTable } from '../../cohort/table.ts';
import { type OpenGpu, openGpu } from '../../engine/node/open.ts';
import type { GridStage } from '../../masking/grid.ts';
import { groupDefaults } from '../../masking/group.ts';
import { asKilled } from './cut-short.ts';
import { maskCohort, plainMask } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model } = made;
const place = (...names: string[]) => path.join(made.folder, ...names);
let opened: OpenGpu;
beforeAll(async () => {
  opened = await openGpu();
});
afterAll(() => {
  opened.gpu.close();
  rmSync(made.folder, { recursive: true });
});
collectPrinted();

function options(out: string, vary: GridStage['vary'], learningRate = 0.1): GridOptions {
  return {
    ...plainMask(made, out),
    group: { ...groupDefaults, learningRate, maxSteps: 10 },
    stages: [{ name: 'small', fixed: {}, vary, at: {} }],
    measure: 'density',
  };
}

const open = () => Promise.resolve(opened);

/** The steps that a grid takes, by the numbers that they have in their masks. */
async function steps(asked: GridOptions): Promise<number[]> {
  const taken: number[] = [];
  await maskGrid(asked, { open, onStep: (step) => taken.push(step) });
  return taken;
}

/** Calls back at a step of the grid's second training. */
async function at(step: number, asked: GridOptions, then: () => void, signal?: AbortSignal) {
  let training = 0;
  return maskGrid(asked, {
    open,
    ...(signal && { signal }),
    onStep: (now) => {
      if (now === 1) training++;
      if (training === 2 && now === step) then();
    },
  });
}

function requireSameBytes(one: string, other: string, points: readonly string[]): void {
  for (const point of points)
    for (const file of ['mask.nii.gz', 'mask_thresholded.nii.gz', 'losses.tsv', 'outliers.tsv'])
      expect(readFileSync(place(one, 'small', point, file)), `${point} ${file}`).toEqual(
        readFileSync(place(other, 'small', point, file)),
      );
  expect(readFileSync(place(one, 'points.tsv'))).toEqual(readFileSync(place(other, 'points.tsv')));
}

it('goes on within the mask that an abort or a kill cut short, and ends with the same bytes', async () => {
  const points = ['beta2-1', 'beta2-2'];
  const vary = { beta2: [1, 2] };
  await at(7, options('whole', vary), () => asKilled(place('whole'), place('killed')));
  const stop = new AbortController();
  expect(await at(7, options('stopped', vary), () => stop.abort(), stop.signal)).toBeNull();

  for (const name of ['stopped', 'killed']) {
    expect(existsSync(place(name, 'small/beta2-2/point.json'))).toBe(false);
    const alone = options(name, { beta2: [2] });
    const other = { ...alone, group: { ...alone.group, patience: 9 } };
    await expect(maskGrid(other, { open })).rejects.toThrow(/holds an unfinished mask with another group/);
    const taken = await steps(options(name, vary));
    expect(taken.at(-1)).toBe(10);
    expect(taken[0], name).toBeGreaterThan(1);
    requireSameBytes(name, 'whole', points);
    expect(existsSync(place(name, 'small/beta2-2/checkpoint.safetensors'))).toBe(false);
  }
});

it('goes on with the lower learning rate where the mask had diverged before', async () => {
  const vary = { lambda2: [1000] };
  await at(4, options('rough', vary, 0.5), () => asKilled(place('rough'), place('rough-killed')));
  const [row] = readTable(place('rough/points.tsv')).rows;
  expect(row.learning_rate).toBe('0.05');
  expect(row.fell_back).not.toBe('n/a');
  const taken = await steps(options('rough-killed', vary, 0.5));
  expect(taken.length).toBeLessThan(10); // neither the first training, nor the second one from its start
  requireSameBytes('rough-killed', 'rough', ['lambda2-1000']);
});

it('takes an area, coarse masks, shifts and noise, and says in its table what is not in force', async () => {
  const file = place('variation.yaml');
  writeFileSync(file, 'stages:\n  - name: small\n    vary: { lambda2: [0, 0.01] }\n');
  const words = [
    ...['grid', file, '--model', model, '--cohort', files.cohort],
    ...['--atlas', files.atlas, '--labels', files.labels, '--out', place('forms'), '--steps', '4', '--quiet'],
    ...[
      '--area',
      '0.02',
      '--area-weight',
      '300',
      '--mask-grid',
      '2',
      '--shift',
      '1',
      '--noise',
      '0.01',
      '--beta2',
      '2',
    ],
  ];
  expect(await main(words), printed.err).toBe(0);
  const objective = (point: string) =>
    JSON.parse(readFileSync(place('forms/small', point, 'mask.json'), 'utf8')).options.objective;
  const common = { lambda1: 0, beta2: 2, area: { share: 0.02, weight: 300 }, maskGrid: 2 };
  expect(objective('lambda2-0')).toMatchObject({
    ...common,
    lambda2: 0,
    perturbation: { shift: 1, noise: 0.01 },
  });
  expect(objective('lambda2-0.01')).toMatchObject({ ...common, lambda2: 0.01 });
  const [row] = readTable(place('forms/points.tsv')).rows;
  expect(row).toMatchObject({ lambda1: 'n/a', beta1: 'n/a', beta2: '2', area: '0.02', fell_back: 'n/a' });
});

it.each([
  [
    ['--area', '0.02'],
    /--area takes the place of lambda1 and beta1, but stage betas of the grid sets lambda1/,
  ],
  [['--lambda1', '0.5'], /--lambda1 has no effect: every stage of the grid sets lambda1/],
  [['--area-weight', '3'], /--area-weight weighs an area/],
])("refuses %j beside the paper's grid", async (words, message) => {
  const given = [
    '--model',
    model,
    '--cohort',
    files.cohort,
    '--atlas',
    files.atlas,
    '--labels',
    files.labels,
  ];
  printed.err = '';
  expect(await main(['grid', ...given, '--out', place('refused'), ...words])).toBe(2);
  expect(printed.err).toMatch(message);
  expect(printed.err).toMatch('See: voxmask grid --help');
});

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readTable } from '../../cohort/table.ts';
import { type MaskState, stateText } from '../../masking/mask-state.ts';
import { readModel } from '../../model/model-file.ts';
import { inPlaceOf } from './in-place-of.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files } = made;
const regions = ['--atlas', files.atlas, '--labels', files.labels];
const trained = path.join(made.folder, 'trained');

collectPrinted();
afterAll(() => rmSync(made.folder, { recursive: true }));

beforeAll(async () => {
  const small = [
    '--channels',
    '4,8',
    '--sub-blocks',
    '1,1',
    '--epochs',
    '6',
    '--batch-size',
    '4',
    '--learning-rate',
    '0.003',
  ];
  expect(await main(['train', files.cohort, '--out', trained, '--folds', '3', ...small, '--quiet'])).toBe(0);
});

function sanity(name: string, ...more: string[]): Promise<number> {
  const fixed = ['--model', trained, '--cohort', files.cohort, '--out', path.join(made.folder, name)];
  return main(inPlaceOf(['sanity', ...fixed, ...regions, '--steps', '4', '--quiet'], more));
}

const place = (name: string) => path.join(made.folder, 'sane', name);

it('makes both controls, masks all networks, and says how they differ', async () => {
  expect(await sanity('sane', '--json'), printed.err).toBe(0);
  const result = JSON.parse(printed.out);
  const names = ['trained', 'trained, again', 'random', 'shuffled labels'];
  expect(result.masks.map(({ name }: { name: string }) => name)).toEqual(names);
  // two of three folds of six participants: the controls take all of them, whatever their networks say
  expect(result.masks[2].images).toEqual({ used: 4, of: 4 });
  expect(result.masks[3].images).toEqual({ used: 4, of: 4 });
  expect(result.networks.map(({ name }: { name: string }) => name)).toEqual([
    'trained',
    'random',
    'shuffled labels',
  ]);
  result.similarity.forEach((row: number[], i: number) => {
    row.forEach((value, j) => {
      expect(value).toBe(result.similarity[j][i]);
      if (i === j && value !== null) expect(value).toBeCloseTo(1, 12);
    });
  });
  expect(result.probabilities.map((row: number[]) => row.length)).toEqual([5, 5, 5]);
  expect(result.verdicts.map(({ control }: { control: string }) => control)).toEqual([
    'random',
    'shuffled-label',
  ]);
  const states = readTable(result.paths.similarity).rows.map(({ state }) => state);
  expect(states).toEqual(result.masks.map(({ state }: { state: MaskState }) => stateText(state)));
  for (const [i, state] of states.entries()) {
    expect(state).toMatch(/not converged/); // after four steps
    expect(printed.err).toContain(`${names[i]} (${state})`);
  }
  const table = readTable(result.paths.probabilities);
  expect(table.columns).toEqual(['name', 'no mask', ...names]);
  expect(Number(table.rows[1]['no mask'])).toBe(result.probabilities[1][0]);
  for (const picture of ['masks', 'similarityPicture', 'probabilitiesPicture'])
    expect(readFileSync(result.paths[picture]).subarray(1, 4).toString()).toBe('PNG');

  const [own, random, shuffled] = result.networks.map(({ model }: { model: string }) => readModel(model));
  expect(random.architecture).toEqual(own.architecture);
  expect(shuffled.architecture).toEqual(own.architecture);
  expect(shuffled.weights.get('fc.FC0.0.bias')!.data).not.toEqual(own.weights.get('fc.FC0.0.bias')!.data);
  const options = JSON.parse(readFileSync(place('shuffled-network/train.json'), 'utf8')).options;
  expect(options).toMatchObject({ shuffleLabels: true, training: { epochs: 6, batchSize: 4 } });
});

it('takes what is finished as it is, and makes anew what other options ask for', async () => {
  const times = () =>
    [
      'random-network/model.safetensors',
      'trained/mask.nii.gz',
      'trained-again/mask.nii.gz',
      'random/mask.nii.gz',
    ].map((file) => statSync(place(file)).mtimeMs);
  const before = times();
  const report = JSON.parse(readFileSync(place('sanity.json'), 'utf8')).results;
  expect(await sanity('sane')).toBe(1);
  expect(printed.err).toMatch(/contains sanity\.json already/);
  rmSync(place('sanity.json')); // as if it had been stopped at the end
  expect(await sanity('sane')).toBe(0);
  expect(times()).toEqual(before);
  expect(JSON.parse(readFileSync(place('sanity.json'), 'utf8')).results).toEqual(report);
  expect(printed.out).toMatch(/The mask of the random network /);

  rmSync(place('sanity.json'));
  expect(await sanity('sane', '--steps', '5')).toBe(0);
  const after = times();
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toBeGreaterThan(before[1]);
});

it.each<[string, string[], number, RegExp]>([
  [
    'a network without its training options',
    ['--model', made.model],
    1,
    /train\.json: does not exist.*--shuffled/,
  ],
  ['another cohort', ['--independent'], 1, /needs the cohort that the network was trained with/],
])('refuses %s', async (_, words, code, fault) => {
  const out = path.join(made.folder, 'refused');
  const own = words.includes('--model') ? [] : ['--model', trained];
  const fixed = ['--cohort', files.cohort, '--out', out, ...regions, '--steps', '2', '--quiet'];
  expect(await main(['sanity', ...own, ...fixed, ...words])).toBe(code);
  expect(printed.err).toMatch(fault);
  expect(existsSync(path.join(out, 'sanity.json'))).toBe(false);
});

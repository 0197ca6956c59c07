import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import { stateText } from '../../masking/mask-state.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model } = made;
afterAll(() => rmSync(made.folder, { recursive: true }));
collectPrinted();

const place = (...names: string[]) => path.join(made.folder, ...names);
const small = place('small.yaml');
writeFileSync(
  small,
  'stages:\n' +
    '  - name: powers\n    fixed: { lambda2: 0.01 }\n    vary: { beta1: [0.1, 1], beta2: [1] }\n' +
    '  - name: sizes\n    vary: { lambda1: [0.001, 0.01] }\n',
);

function grid(out: string, file: string, ...more: string[]): Promise<number> {
  const words = [
    '--model',
    model,
    '--cohort',
    files.cohort,
    '--atlas',
    files.atlas,
    '--labels',
    files.labels,
  ];
  return main(['grid', file, ...words, '--out', place(out), '--steps', '3', '--quiet', ...more]);
}

const masks = (out: string) =>
  readdirSync(place(out), { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'point.json')
    .map((file) => path.dirname(file))
    .sort();

it('goes on where it was interrupted, and ends as a grid that was not', async () => {
  expect(await grid('whole', small, '--json')).toBe(0);
  const whole = JSON.parse(printed.out);
  expect(whole.points).toHaveLength(4);
  expect(whole.lines.map((line: { axis: string }) => line.axis)).toEqual(['beta1', 'beta2', 'lambda1']);
  for (const { values, similarity } of whole.lines) {
    expect(similarity).toHaveLength(values.length);
    similarity.forEach((row: number[], i: number) => {
      expect(row[i]).toBeCloseTo(1, 9);
      for (const value of row) expect(value).toBeGreaterThan(0);
    });
  }

  // as Ctrl-C once the first mask is there
  const watch = setInterval(() => {
    if (masks('cut').length > 0) {
      clearInterval(watch);
      process.emit('SIGINT');
    }
  }, 5);
  expect(await grid('cut', small).finally(() => clearInterval(watch))).toBe(130);
  expect(existsSync(place('cut/points.tsv'))).toBe(false);
  const done = masks('cut');
  expect(done.length).toBeGreaterThan(0);
  expect(done.length).toBeLessThan(4);
  const written = done.map((name) => statSync(place('cut', name, 'mask.nii.gz')).mtimeMs);
  expect(await grid('cut', small)).toBe(0);
  expect(done.map((name) => statSync(place('cut', name, 'mask.nii.gz')).mtimeMs)).toEqual(written);
  for (const file of ['points.tsv', 'similarity_powers_beta1.tsv', 'masks_powers.png', 'masks_sizes.png'])
    expect(readFileSync(place('cut', file)).equals(readFileSync(place('whole', file))), file).toBe(true);

  const rows = readTable(place('cut/points.tsv')).rows;
  expect(rows.map(({ stage, beta1, lambda1 }) => [stage, beta1, lambda1]).slice(1)).toEqual([
    ['powers', '1', '0.0001'],
    ['sizes', '0.1', '0.001'],
    ['sizes', '0.1', '0.01'],
  ]);
  expect(rows.every((row) => row.learning_rate === '0.1' && row.fell_back === 'n/a')).toBe(true);
  // each mask's own record, in the table and beside the similarities
  const states = rows.map(
    (row) =>
      JSON.parse(readFileSync(place('cut', path.dirname(row.mask), 'mask.json'), 'utf8')).results.state,
  );
  expect(rows.map(({ convergence, extent }) => ({ convergence, extent }))).toEqual(
    states.map(({ convergence, extent }) => ({ convergence, extent })),
  );
  const line = readTable(place('cut/similarity_powers_beta1.tsv'));
  expect(line.columns.at(-1)).toBe('state');
  expect(line.rows.map(({ state }) => state)).toEqual(states.slice(0, 2).map(stateText));
  expect(printed.err).toMatch(/^Of 4 masks: \d not converged.*points\.tsv tells which\)\.$/m);
  const { data } = readVolume(place('cut', rows[0].mask));
  expect(data.some((value) => value < 1)).toBe(true);

  // a finished one prints the same again, and makes nothing
  printed.out = '';
  expect(await grid('whole', small, '--json')).toBe(0);
  expect(JSON.parse(printed.out)).toEqual(whole);
  expect(await grid('whole', small, '--seed', '5')).toBe(1);
  expect(printed.err).toMatch(/beta1-0\.1_beta2-1: holds a mask made with another group\. .*--overwrite/);
});

it('falls back to a tenth of the learning rate where training diverges, and says so', async () => {
  const wild = place('wild.yaml');
  writeFileSync(wild, 'stages:\n  - name: wild\n    vary: { lambda2: [0.01, 1000] }\n');
  expect(await grid('wild', wild, '--learning-rate', '0.5')).toBe(0);
  expect(printed.out).toMatch(/lambda2 0\.01 +0\.5 /);
  expect(printed.out).toMatch(/lambda2 1000 +0\.05, /);
  const [calm, rough] = readTable(place('wild/points.tsv')).rows;
  expect(calm).toMatchObject({ learning_rate: '0.5', fell_back: 'n/a', diverged: 'n/a' });
  expect(rough.learning_rate).toBe('0.05');
  expect(rough.fell_back).toMatch(/^the loss ended at .*, above the 0\.\d+ of a mask of ones$/);
  const sidecar = JSON.parse(readFileSync(place('wild/grid.json'), 'utf8'));
  expect(sidecar.results.fellBack).toMatchObject([
    { stage: 'wild', mask: 'lambda2-1000', learningRate: 0.05 },
  ]);
  const own = JSON.parse(readFileSync(place('wild/wild/lambda2-1000/mask.json'), 'utf8'));
  expect(own.options.group.learningRate).toBe(0.05);
});

it('tells every fault of a grid with its line', async () => {
  const bad = place('bad.yaml');
  writeFileSync(
    bad,
    'stages:\n' +
      '  - name: a b\n    vary: { beta1: [0.1, 0.1], lambda2: [-1] }\n' +
      '  - name: two\n    fixd: {}\n    fixed: { beta1: 1 }\n    vary: { beta1: [0.5] }\n    at: { beta1: 2 }\n' +
      '  - name: three\n    vary: { beta1: [1], beta2: [1], lambda1: [1] }\n',
  );
  expect(await grid('bad', bad)).toBe(1);
  for (const fault of [
    /line 2, stages\.0\.name: takes letters/,
    /line 3, stages\.0\.vary\.beta1: holds a value twice/,
    /line 3, stages\.0\.vary\.lambda2\.0: .*>=0/,
    /line 5, stages\.1\.fixd: unknown key; did you mean fixed\?/,
    /line 6, stages\.1\.fixed\.beta1: is fixed and varied/,
    /line 8, stages\.1\.at\.beta1: is none of the varied values/,
    /line 10, stages\.2\.vary: names one option or two/,
  ])
    expect(printed.err).toMatch(fault);
  printed.err = '';
  writeFileSync(bad, 'stages: [\n');
  expect(await grid('bad', bad)).toBe(1);
  expect(printed.err).toMatch(/not sound YAML/);
  printed.err = '';
  expect(await grid('bad', place('nowhere.yaml'))).toBe(1);
  expect(printed.err).toMatch(/nowhere\.yaml: does not exist/);
  expect(existsSync(place('bad'))).toBe(false);
});

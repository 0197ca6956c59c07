import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readAtlas } from '../../cohort/atlas.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model, modelOfCn, cohort } = made;
afterAll(() => rmSync(made.folder, { recursive: true }));
collectPrinted();

const place = (name: string) => path.join(made.folder, name);
const atlas = ['--atlas', files.atlas, '--labels', files.labels];
const { grid, storage } = readVolume(cohort.sessions[0].path);
const { labels, regions } = readAtlas(files.atlas, files.labels);
const ad = cohort.sessions.filter(({ diagnosis }) => diagnosis === 'AD');
const labelOf = (name: string) => regions.find((region) => region.name === name)!.value;

/** A mask that hides regions by so much, as `mask group` leaves it: with its sidecar. */
function mask(name: string, hidden: Record<string, number>, sidecar?: object): string {
  const by = new Map(Object.entries(hidden).map(([region, amount]) => [labelOf(region), amount]));
  const data = Float32Array.from(labels, (label) => 1 - (by.get(label) ?? 0));
  writeVolume(place(`${name}/mask.nii.gz`), data, { grid, storage });
  if (sidecar) writeFileAtomic(place(`${name}/mask.json`), JSON.stringify(sidecar));
  return place(name);
}

const names = (count: number) => ad.slice(0, count).map((one) => `${one.participantId} ${one.sessionId}`);
const madeWith = (its: string, count = 2) => ({
  options: { model: its, cohort: files.cohort, className: 'AD', mu: 1 },
  results: { className: 'AD', selectedOn: names(count) },
});

mask('folds/split-0/run-0', { Hippocampus_L: 0.9, Hippocampus_R: 0.8, Amygdala_L: 0.3 }, madeWith(model));
mask(
  'folds/split-1/run-0',
  { Hippocampus_L: 0.8, Hippocampus_R: 0.9, Amygdala_R: 0.3 },
  madeWith(modelOfCn, 1),
);
// as a run in the cohort's folder leaves it: the model is found from the mask's folder upwards
mask('folds/split-2/run-0', {}, madeWith(path.relative(made.folder, model)));

it('compares folds by regions and by what each network sees', async () => {
  const out = place('compared');
  expect(await main(['compare', place('folds'), ...atlas, '--out', out, '--json', '--top', '2'])).toBe(0);
  expect(printed.err).toMatch(/Empty masks, whose ROI similarity is not defined: split-2\/run-0/);
  const result = JSON.parse(printed.out);
  expect(result.masks.map((one: { name: string; fold: string }) => [one.name, one.fold])).toEqual([
    ['split-0/run-0', '0'],
    ['split-1/run-0', '1'],
    ['split-2/run-0', '2'],
  ]);
  const cosine = (0.9 * 0.8 + 0.8 * 0.9) / (0.81 + 0.64 + 0.09);
  expect(result.similarity[0][1]).toBeCloseTo(cosine, 5);
  expect(result.similarity[1][0]).toBe(result.similarity[0][1]);
  expect(result.similarity[0][2]).toBeNull();
  expect(result.probCnn).toHaveLength(3);

  // under an empty mask a network says what it says of the images as they are
  printed.out = '';
  const images = ad.slice(0, 2).map((one) => one.path);
  expect(await main(['predict', ...images, '--model', model, '--json', '--quiet'])).toBe(0);
  const said = JSON.parse(printed.out).images.map(
    (one: { probabilities: { AD: number } }) => one.probabilities.AD,
  );
  expect(result.probCnn[0][2]).toBeCloseTo((said[0] + said[1]) / 2, 6);
  expect(result.probCnn[0][0]).not.toBeCloseTo(result.probCnn[0][2], 6);
  // the networks of folds 0 and 2 are one, and so are their images; that of fold 1 says CN
  expect(result.probCnn[0]).toEqual(result.probCnn[2]);
  expect(Math.max(...result.probCnn[1])).toBeLessThan(Math.min(...result.probCnn[0]));

  expect(result.structureCounts).toEqual([{ name: 'Hippocampus', masks: 2 }]);
  const [folds] = result.summaries;
  expect(folds).toMatchObject({ kind: 'folds', pairs: 3 });
  expect(folds.similarity).toMatchObject({ undefinedPairs: 2, interval: null });
  const both = (a: number, b: number) => (result.probCnn[a][b] + result.probCnn[b][a]) / 2;
  expect(folds.probCnn.mean).toBeCloseTo((both(0, 1) + both(0, 2) + both(1, 2)) / 3, 9);

  const pairs = readTable(path.join(out, 'pairs.tsv')).rows;
  expect(pairs).toHaveLength(3);
  expect(pairs[1]).toMatchObject({ a: 'split-0/run-0', b: 'split-2/run-0', roi_similarity: 'n/a' });
  expect(Number(pairs[0].prob_cnn_a_under_b)).toBe(result.probCnn[0][1]);
  for (const picture of ['roi_similarity.png', 'prob_cnn.png', 'region_counts.png'])
    expect(readFileSync(path.join(out, picture)).subarray(1, 4).toString()).toBe('PNG');
  expect(readTable(path.join(out, 'summary.tsv')).rows[0].between).toBe('folds');
  const sidecar = JSON.parse(readFileSync(path.join(out, 'compare.json'), 'utf8'));
  expect(sidecar.adapter.name).toBeTruthy();
});

it('goes on where it was interrupted, and ends with the same tables', async () => {
  const out = place('cut');
  const words = ['compare', place('folds'), ...atlas, '--out', out, '--quiet'];
  const kept = path.join(out, '.voxmask', 'prob-cnn.jsonl');
  const lines = () => (existsSync(kept) ? readFileSync(kept, 'utf8').trim().split('\n') : []);
  const watch = setInterval(() => {
    if (lines().length < 2) return;
    clearInterval(watch);
    process.emit('SIGINT');
  }, 2);
  expect(await main(words).finally(() => clearInterval(watch))).toBe(130);
  expect(existsSync(path.join(out, 'pairs.tsv'))).toBe(false);
  const [identity, first] = lines();
  // a kill may cut the last line short; what stands before it is believed, not asked for again
  const told = JSON.parse(first);
  told.cells[0].values = [0.123456, 0.123456];
  writeFileSync(kept, `${identity}\n${JSON.stringify(told)}\n{"group":0,"ma`);
  printed.out = '';
  expect(await main([...words, '--json'])).toBe(0);
  const { probCnn } = JSON.parse(printed.out);
  expect(probCnn[0][0]).toBeCloseTo(0.123456, 9);
  const whole = readTable(path.join(place('compared'), 'prob_cnn.tsv')).rows;
  expect(readTable(path.join(out, 'prob_cnn.tsv')).rows.slice(1, 2)).toEqual(whole.slice(1, 2));
  expect(existsSync(kept)).toBe(false);
});

it('compares sessions within and between participants, each network on the session itself', async () => {
  const [a, b] = ad;
  const own = { options: { model, from: { cohort: files.cohort }, className: 'AD', mu: 0 }, results: {} };
  mask(`sessions/${a.participantId}/${a.sessionId}`, { Hippocampus_L: 1 }, own);
  mask(`sessions/${b.participantId}/${b.sessionId}`, { Hippocampus_R: 1 }, own);
  const out = place('compared-sessions');
  expect(await main(['compare', place('sessions'), ...atlas, '--out', out, '--json'])).toBe(0);
  const { summaries, masks, probCnn, similarity } = JSON.parse(printed.out);
  expect(masks.map((one: { participantId: string }) => one.participantId)).toEqual([
    a.participantId,
    b.participantId,
  ]);
  expect(similarity[0][1]).toBe(0);
  expect(summaries).toHaveLength(1);
  expect(summaries[0]).toMatchObject({ kind: 'between participants', pairs: 1, participants: 2 });
  expect(summaries[0].probCnn.mean).toBeCloseTo((probCnn[0][1] + probCnn[1][0]) / 2, 12);
  expect(probCnn[0][0]).not.toBe(probCnn[1][0]);
});

it('reads masks from a table, with names, folds and longitudinal sessions of its own', async () => {
  const table = place('masks.tsv');
  writeFileSync(
    table,
    'path\tname\tparticipant_id\tsession_id\tfold\n' +
      'folds/split-0/run-0/mask.nii.gz\tfirst\tsub-X\tses-M00\t0\n' +
      'folds/split-1/run-0\tsecond\tsub-X\tses-M06\t0\n',
  );
  const one = place('compared-table');
  expect(await main(['compare', table, ...atlas, '--out', one, '--no-prob-cnn', '--measure', 'sum'])).toBe(0);
  expect(printed.err).toBe('');
  expect(printed.out).toMatch(/1 +first +1\.00 +0\.\d\d/);
  // one participant under two networks is no longitudinal pair
  expect(printed.out).not.toMatch(/within participants/);
  expect(existsSync(path.join(one, 'prob_cnn.tsv'))).toBe(false);
  printed.out = '';
  expect(
    await main(['compare', table, ...atlas, '--out', place('two'), '--no-prob-cnn', '--model', model]),
  ).toBe(0);
  expect(printed.out).toMatch(/within participants +1 +1 +0\.\d\d from 0\.\d\d to 0\.\d\d +n\/a/);
});

it('says why it leaves probCNN out, and refuses to when it was asked for', async () => {
  const [one, two] = [mask('bare/a', { Hippocampus_L: 1 }), mask('bare/b', { Hippocampus_L: 0.5 })];
  const words = ['compare', one, two, ...atlas];
  expect(await main([...words, '--out', place('bare-out')])).toBe(0);
  expect(printed.err).toMatch(/probCNN is left out.*\n {2}a: its network and its images are not known/);
  expect(printed.out).toMatch(/a +1\.00 +1\.00/);
  printed.err = '';
  expect(await main([...words, '--out', place('refused'), '--prob-cnn'])).toBe(1);
  expect(printed.err).toMatch(/b: its network and its images are not known/);
  expect(existsSync(place('refused'))).toBe(false);
  printed.out = '';
  const given = ['--model', model, '--images', files.cohort, '--quiet', '--json'];
  expect(await main([...words, '--out', place('given'), '--prob-cnn', ...given])).toBe(0);
  const { probCnn } = JSON.parse(printed.out);
  expect(probCnn[0]).toEqual(probCnn[1]); // one network, the same images
});

it.each<[string, () => string[], number, RegExp]>([
  ['a single mask', () => [place('folds/split-0')], 1, /is a single mask/],
  ['a table without paths', () => [files.labels], 1, /lacks the column path/],
  [
    'an image that is not in the table',
    () => [place('folds'), '--images', files.labels],
    1,
    /lacks the column/,
  ],
  ['another class', () => [place('folds'), '--class', 'MCI'], 1, /knows no class MCI/],
  ['no number of regions', () => [place('folds'), '--top', '0'], 2, /--top takes a whole number from 1/],
  [
    'mu that is not there',
    () => [place('folds'), '--mu', 'nowhere.nii'],
    1,
    /its mu \(nowhere\.nii\) is no number and no file/,
  ],
])('refuses %s', async (_, words, code, fault) => {
  expect(await main(['compare', ...words(), ...atlas, '--out', place('never')])).toBe(code);
  expect(printed.err).toMatch(fault);
  expect(printed.err).not.toContain('    at ');
  expect(existsSync(place('never/pairs.tsv'))).toBe(false);
});

it('looks at the images before it makes a folder', async () => {
  const rows = ad.map(({ participantId, sessionId, path: image }, i) =>
    [participantId, sessionId, 'AD', i === 1 ? place('words.nii') : image].join('\t'),
  );
  writeFileSync(place('words.nii'), 'not an image');
  writeFileSync(
    place('damaged.tsv'),
    `${['participant_id\tsession_id\tdiagnosis\tpath', ...rows].join('\n')}\n`,
  );
  const out = place('refused');
  const given = [place('folds/split-0/run-0'), place('folds/split-1/run-0'), ...atlas, '--model', model];
  const words = [...given, '--class', 'AD', '--images', place('damaged.tsv'), '--out', out];
  expect(await main(['compare', ...words])).toBe(1);
  expect(printed.err).toContain('words.nii: is not a NIfTI image');
  expect(existsSync(out)).toBe(false);
});

it('says beside similarities and regions which masks are veils or have not converged', async () => {
  const state = { stopped: 'patience', convergence: 'converged', lastFall: 0.002, extent: 'part' };
  const recorded = (its: object) => ({ options: {}, results: { state: { ...state, ...its } } });
  mask('states/split-0', { Hippocampus_L: 1 }, recorded({}));
  const cut = { stopped: 'limit', convergence: 'not converged', lastFall: 0.2 };
  mask('states/split-1', { Hippocampus_L: 1 }, recorded(cut));
  // of an earlier version: what its voxels say is all that is known
  const veil = place('states/split-2/mask.nii.gz');
  writeVolume(veil, new Float32Array(labels.length).fill(0.9), { grid, storage });
  writeFileAtomic(place('states/split-2/mask.json'), JSON.stringify({ options: {}, results: {} }));
  const out = place('compared-states');
  const words = ['compare', place('states'), ...atlas, '--out', out, '--no-prob-cnn'];
  expect(await main(words)).toBe(0);
  expect(printed.err).toMatch(/^Of 3 masks: 1 not converged, 1 veil \(.*masks\.tsv tells which\)\.\n$/);
  expect(printed.out).toMatch(/1 +split-0 +1\.00/);
  expect(printed.out).toMatch(/2 +split-1, not converged +1\.00/);
  expect(printed.out).toMatch(/3 +split-2, veil +0\.\d\d/);
  expect(printed.out).toMatch(/split-2 +veil, convergence unknown +\w+/);
  expect(printed.out).toMatch(/folds +3 +n\/a .* 3\n/); // each pair has one of the two
  const told = readTable(path.join(out, 'masks.tsv')).rows;
  expect(told.map((row) => [row.stopped, row.convergence, row.last_fall, row.extent])).toEqual([
    ['patience', 'converged', '0.002', 'part'],
    ['limit', 'not converged', '0.2', 'part'],
    ['unknown', 'unknown', 'n/a', 'veil'],
  ]);
  const [first, , last] = readTable(path.join(out, 'pairs.tsv')).rows;
  expect([first.a_state, first.b_state]).toEqual(['converged', 'not converged']);
  expect([last.a_state, last.b_state]).toEqual(['not converged', 'veil, convergence unknown']);
  const { results } = JSON.parse(readFileSync(path.join(out, 'compare.json'), 'utf8'));
  expect(results.summaries[0]).toMatchObject({ kind: 'folds', pairs: 3, doubtfulPairs: 3 });
  expect(results.states[1]).toEqual({ name: 'split-1', ...state, ...cut });
  // the same words beside regions
  printed.out = '';
  expect(await main(['regions', place('states'), ...atlas])).toBe(0);
  expect(printed.out).toMatch(/^split-0\n/);
  expect(printed.out).toMatch(/^split-1 \(not converged\)\n/m);
  expect(printed.out).toMatch(/^split-2 \(veil\)\n/m);
});

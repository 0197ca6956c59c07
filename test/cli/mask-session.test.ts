import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { formatTable, readTable } from '../../cohort/table.ts';
import { bidsFaults } from './bids-check.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model, modelOfCn, cohort } = made;
const built = path.resolve('dist/cli/main.js');
const place = (...names: string[]) => path.join(made.folder, ...names);
const ill = cohort.sessions.filter(({ diagnosis }) => diagnosis === 'AD');
const bytes = (...names: string[]) => readFileSync(place(...names)).toString('base64');

collectPrinted();
afterAll(() => rmSync(made.folder, { recursive: true }));

/** Masks of a few steps into `out`; what is given again overrides what stands here. */
function maskSession(name: string, ...more: string[]): Promise<number> {
  const needed = {
    '--model': model,
    '--cohort': files.cohort,
    '--out': place(name),
    '--steps': '4',
    '--lambda1': '1e-4',
    '--lambda2': '1e-2',
  };
  const given = Object.entries(needed).filter(
    ([option]) => !more.includes(option) && !(option === '--cohort' && more.includes('--image')),
  );
  return main(['mask', 'session', ...given.flat(), '--quiet', ...more]);
}

it('makes a mask of a single image, and tells its files and the loss of every step', async () => {
  const image = ill[0].path;
  const words = ['--image', image, '--steps', '6', '--no-early-stopping', '--json'];
  expect(await maskSession('one', ...words)).toBe(0);
  expect(printed.err).toMatch(
    /^The mask has not converged: it ended at its last step, and its loss fell by [\d.]+ % over the second half of its steps\. Allow more --steps\.\n/,
  );
  const result = JSON.parse(printed.out);
  expect(result.losses.map(({ step }: { step: number }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  for (const { total, size, variation, score } of [...result.losses, result.final])
    expect(total).toBeCloseTo(size + variation + score, 9);
  expect(result.losses[0]).toMatchObject({ size: 0, variation: 0 });
  expect(result.losses[0].score).toBeCloseTo(result.probabilities.before, 6);
  expect(result.final.score).toBeLessThan(result.losses[0].score);
  const totals = [...result.losses, result.final].map(({ total }: { total: number }) => total);
  const [half, lowest] = [totals.slice(0, 4), totals].map((some) => Math.min(...some));
  expect(result.state.lastFall).toBeCloseTo((half - lowest) / half, 9);
  expect(result).toMatchObject({ steps: 6, ending: 'steps', kept: { afterSteps: 6, ...result.final } });

  const [raw, kept, map, mask] = ['mask', 'thresholded', 'probseg', 'occluded'].map((name) =>
    readVolume(result.paths[name]),
  );
  expect(raw.grid).toEqual(readVolume(image).grid);
  expect(kept.data).toEqual(raw.data.map((value) => (value > 0.95 ? 1 : value)));
  expect(map.data).toEqual(raw.data.map((value) => 1 - value));
  expect(mask.data).toEqual(raw.data.map((value) => Number(value <= 0.95)));
  expect(path.basename(result.paths.probseg)).toBe(
    `${ill[0].participantId}_ses-M000_space-IXI549Space_desc-occlusion_probseg.nii.gz`,
  );
  const sidecar = JSON.parse(readFileSync(result.paths.occluded.replace('.nii.gz', '.json'), 'utf8'));
  expect(sidecar).toMatchObject({ Type: 'ROI', Class: 'AD', Threshold: 0.95, Mu: 1 });
  // URIs: within the data set, and by a link, which leads to the image.
  expect(sidecar.Sources).toEqual([`bids::${path.relative(place('one'), result.paths.probseg)}`]);
  const source = JSON.parse(readFileSync(result.paths.probseg.replace('.nii.gz', '.json'), 'utf8')).Sources;
  expect(source).toEqual([`bids:images:${path.basename(image)}`]);
  expect(sidecar.SpatialReference).toBe(source[0]);
  expect(path.resolve(path.dirname(result.paths.occluded), sidecar.Model.Path)).toBe(path.resolve(model));
  expect(sidecar.Model.SHA256).toMatch(/^[0-9a-f]{64}$/);
  expect(sidecar.Objective).toMatchObject({ lambda1: 1e-4, lambda2: 1e-2 });
  const description = JSON.parse(readFileSync(place('one', 'dataset_description.json'), 'utf8'));
  expect(description).toMatchObject({ DatasetType: 'derivative', GeneratedBy: [{ Name: 'voxmask' }] });
  expect(path.resolve(place('one'), description.DatasetLinks.images)).toBe(path.dirname(path.resolve(image)));

  const written = statSync(result.paths.mask).mtimeMs;
  printed.out = '';
  expect(await maskSession('one', ...words)).toBe(0); // told again from the files
  expect(JSON.parse(printed.out)).toMatchObject({ before: 1, losses: result.losses, final: result.final });
  expect(statSync(result.paths.mask).mtimeMs).toBe(written);
  expect(await maskSession('one', ...words, '--lambda1', '0.5')).toBe(1);
  expect(printed.err).toMatch(/holds a mask made with other options.*--overwrite/);
  expect(await maskSession('one', ...words, '--lambda1', '0.5', '--overwrite')).toBe(0);
});

it('refuses names that are too long, or of which BIDS leaves nothing, before it makes anything', async () => {
  const rows = readTable(files.cohort).rows.map(
    (row): Record<string, string> => ({
      ...row,
      path: path.resolve(path.dirname(files.cohort), row.path),
    }),
  );
  const renamed = (id: string) => {
    const changed = rows.map((row) =>
      row.participant_id === ill[1].participantId ? { ...row, participant_id: id } : row,
    );
    writeFileSync(place('renamed.tsv'), formatTable(Object.keys(rows[0]), changed));
    return maskSession('renamed', '--cohort', place('renamed.tsv'));
  };
  expect(await renamed(`sub-${'a'.repeat(220)}`)).toBe(1);
  expect(printed.err).toMatch(/^voxmask: sub-a+_.*: the name has 2\d\d bytes, and file systems allow 255\./);
  printed.err = '';
  expect(await renamed('sub-受试者')).toBe(1);
  expect(printed.err).toMatch(/^voxmask: participant "sub-受试者": contains no letter from A to Z/);
  expect(existsSync(place('renamed', 'sub-AD001'))).toBe(false);
});

it('makes a mask of each session of the class, whose bytes do not depend on the batch', async () => {
  expect(await maskSession('many', '--batch-size', '4')).toBe(0);
  expect(printed.out).toMatch(/masks +6 of 6 sessions/);
  const counted = /^Of 6 masks: 6 not converged.*sessions\.tsv tells which\)\.$/m;
  expect(printed.err.match(counted)).toHaveLength(1);
  expect(await maskSession('two', '--baseline', '--set', 'validation', '--batch-size', '1', '--json')).toBe(
    0,
  );
  const table = readTable(place('many', 'sessions.tsv')).rows;
  expect(table.map((row) => row.participant_id)).toEqual(ill.map(({ participantId }) => participantId));
  for (const row of table) {
    expect(existsSync(place('many', row.path))).toBe(true);
    expect(Number(row.probability_after)).toBeLessThan(Number(row.probability_before));
    expect(Number(row.loss)).toBeCloseTo(Number(row.size) + Number(row.variation) + Number(row.score), 9);
    expect(row.convergence).toBe('not converged');
    expect(row.extent).toBe(
      Number(row.touched_share) > 0.5 ? 'veil' : Number(row.touched_share) > 0 ? 'part' : 'empty',
    );
    const losses = readTable(place('many', path.dirname(row.path), 'losses.tsv')).rows;
    expect(losses.at(Number(row.kept_after))?.total).toBe(row.loss);
  }
  expect(bidsFaults(place('many'))).toEqual([]);
  const few = readTable(place('two', 'sessions.tsv')).rows;
  expect(few).toHaveLength(2);
  for (const row of few) {
    const folder = path.dirname(row.path);
    const names = readdirSync(place('two', folder, 'anat')).map((name) => path.join('anat', name));
    expect(names).toHaveLength(4);
    for (const name of ['mask.nii.gz', 'mask_thresholded.nii.gz', 'losses.tsv', ...names])
      expect(bytes('two', folder, name), name).toBe(bytes('many', folder, name));
  }
});

it('goes on where it ended: finished sessions are not made again, a lost table comes back', async () => {
  const chosen = place('chosen.tsv');
  const rows = ill.slice(0, 2).map((session) => ({
    participant_id: session.participantId,
    session_id: session.sessionId.replace('M000', 'M00'),
  }));
  writeFileSync(chosen, formatTable(['participant_id', 'session_id'], rows));
  expect(await maskSession('resumed', '--sessions', chosen)).toBe(0);
  const finished = readTable(place('resumed', 'sessions.tsv')).rows;
  expect(finished).toHaveLength(2);
  const times = finished.map((row) => statSync(place('resumed', row.path)).mtimeMs);
  // what a killed run leaves: a session without its sidecar, and no table
  rmSync(place('resumed', path.dirname(finished[1].path), 'mask.json'));
  rmSync(place('resumed', 'sessions.tsv'));
  printed.out = '';
  expect(await maskSession('resumed', '--json', '--batch-size', '2')).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ before: 1, asked: 6, left: 0, interrupted: false });
  const all = readTable(place('resumed', 'sessions.tsv')).rows;
  expect(all).toHaveLength(6);
  expect(all.slice(0, 2)).toEqual(finished);
  const again = finished.map((row) => statSync(place('resumed', row.path)).mtimeMs);
  expect([again[0] === times[0], again[1] > times[1]]).toEqual([true, true]);
  printed.out = '';
  expect(await maskSession('resumed', '--json')).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ before: 6, batchSize: null });
});

it('hides the other class, with the mean of the healthy or a volume of each session in the holes', async () => {
  expect(await maskSession('healthy', '--model', modelOfCn, '--class', 'CN', '--baseline', '--mu', '0')).toBe(
    0,
  );
  const names = readTable(place('healthy', 'sessions.tsv')).rows.map((row) => row.participant_id);
  expect(names.every((name) => name.startsWith('sub-CN'))).toBe(true);

  const healthy = cohort.sessions.filter(({ diagnosis }) => diagnosis === 'CN');
  const mean = readVolume(healthy[0].path).data.map(() => 0);
  for (const { path: file } of healthy)
    for (const [u, value] of readVolume(file).data.entries()) mean[u] += value / healthy.length;
  const { grid, storage } = readVolume(ill[0].path);
  writeVolume(place('mean.nii.gz'), mean, { grid, storage });
  const text = readFileSync(files.cohort, 'utf8').trimEnd().split('\n');
  const table = text.map((line, i) => `${line}\t${i === 0 ? 'mu_path' : place('mean.nii.gz')}`).join('\n');
  const withMu = path.join(path.dirname(files.cohort), 'with-mu.tsv');
  writeFileSync(withMu, table);
  const losses: number[][] = [];
  for (const [name, words] of [
    ['of-mean', ['--mu', 'cn-mean']],
    ['of-each', ['--cohort', withMu, '--mu', 'per-session']],
    ['of-one', ['--mu', place('mean.nii.gz')]],
  ] as const) {
    expect(await maskSession(name, ...words, '--baseline', '--no-early-stopping')).toBe(0);
    losses.push(readTable(place(name, 'sessions.tsv')).rows.map((row) => Number(row.loss)));
  }
  for (const other of [losses[1], losses[2]])
    other.forEach((loss, i) => {
      expect(loss).toBeCloseTo(losses[0][i], 3);
    });
  const kept = readVolume(place('of-mean', 'mu.nii.gz')).data;
  for (const u of [0, 11, 60]) expect(kept[u]).toBeCloseTo(mean[u], 5);
  printed.out = '';
  const words = [
    place('of-mean'),
    '--out',
    place('compared'),
    '--atlas',
    files.atlas,
    '--labels',
    files.labels,
  ];
  expect(await main(['compare', ...words, '--json', '--quiet'])).toBe(0); // asks the network with that mean
  const { probCnn } = JSON.parse(printed.out);
  readTable(place('of-mean', 'sessions.tsv')).rows.forEach((row, i) => {
    expect(probCnn[i][i]).toBeCloseTo(Number(row.probability_after), 4);
  });
  expect(await maskSession('of-none', '--mu', 'per-session')).toBe(1);
  expect(printed.err).toMatch(/lacks the column mu_path/);
});

it('says so when a mask does not lower the probability, and what to try', async () => {
  expect(await maskSession('vain', '--steps', '2', '--learning-rate', '1e-9', '--baseline')).toBe(0);
  expect(printed.err).toMatch(/Masks that do not lower the AD probability: 6 of 6.*Try more --steps/);
});

it.each<[string, string[], number, RegExp]>([
  [
    'neither cohort nor image',
    ['--cohort', files.cohort, '--image', 'x.nii.gz'],
    2,
    /either --cohort or --image/,
  ],
  ['a missing image', ['--image', 'nowhere.nii.gz'], 1, /nowhere\.nii\.gz/],
  ['sets of one image', ['--image', ill[0].path, '--baseline'], 2, /choose from a cohort/],
  ['half a session', ['--batch-size', '0.5'], 2, /--batch-size takes a whole number from 1/],
  ['no correct image', ['--model', modelOfCn], 1, /none of the 6 AD images is classified correctly/],
  ['an unknown class', ['--class', 'MCI'], 1, /knows no class MCI\. Choose one of CN, AD/],
  ['mu of no file', ['--mu', 'nowhere.nii'], 1, /nowhere\.nii/],
  ['mu of a table that is none', ['--image', ill[0].path, '--mu', 'per-session'], 1, /needs a cohort/],
  ['more than the device holds', ['--batch-size', '1000000000'], 0, /^Of 6 masks: 6 not converged.*\n$/],
])('refuses %s', async (_, words, code, fault) => {
  expect(await maskSession('refused', ...words)).toBe(code);
  expect(printed.err).toMatch(fault);
  expect(printed.err).not.toContain('    at ');
  rmSync(place('refused'), { recursive: true, force: true });
});

it.skipIf(!existsSync(built))('keeps what is finished when it is interrupted, and goes on', async () => {
  const words = ['--model', model, '--cohort', files.cohort, '--out', place('stopped'), '--batch-size', '1'];
  const weights = ['--lambda1', '1e-4', '--lambda2', '1e-2'];
  const child = spawn(process.execPath, [
    built,
    'mask',
    'session',
    ...words,
    ...weights,
    '--steps',
    '60',
    '--patience',
    '60',
  ]);
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const watch = setInterval(() => {
    if (!existsSync(place('stopped'))) return;
    if (!readdirSync(place('stopped')).some((name) => name.startsWith('sub-'))) return;
    clearInterval(watch); // a second one would end it at once
    child.kill('SIGINT');
  }, 20);
  const code = await new Promise((resolve) => {
    child.on('close', resolve);
  });
  clearInterval(watch);
  expect(code, said).toBe(130);
  expect(said).toMatch(/Stopped; masks left to make: \d\. The same command goes on/);
  const rows = readTable(place('stopped', 'sessions.tsv')).rows;
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.length).toBeLessThan(6);
  for (const row of rows) expect(existsSync(place('stopped', row.path))).toBe(true);
  expect(await maskSession('stopped', '--steps', '60', '--patience', '60', '--json')).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ before: rows.length, left: 0 });
});

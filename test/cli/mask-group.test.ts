import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readAtlas } from '../../cohort/atlas.ts';
import { readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import { bidsFaults } from './bids-check.ts';
import { maskCohort, storedRas } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model, modelOfCn, cohort } = made;
const { grid, data: firstImage, storage } = readVolume(cohort.sessions[0].path);
const built = path.resolve('dist/cli/main.js');

collectPrinted();
afterAll(() => rmSync(made.folder, { recursive: true }));

function place(name: string): string {
  return path.join(made.folder, name);
}

/** A mask of a few steps into `out`; what is given again overrides what stands here. */
function maskGroup(name: string, ...more: string[]): Promise<number> {
  const needed = { '--model': model, '--cohort': files.cohort, '--out': place(name), '--steps': '6' };
  const given = Object.entries(needed).filter(([option]) => !more.includes(option));
  return main(['mask', 'group', ...given.flat(), '--quiet', ...more]);
}

const atlas = ['--atlas', files.atlas, '--labels', files.labels];

it("writes the mask on the images' grid, its losses, its regions and pictures of them", async () => {
  expect(await maskGroup('whole', ...atlas, '--json', '--steps', '10')).toBe(0);
  // ten steps are far from enough, and that is said
  expect(printed.err).toMatch(
    /^The mask has not converged: it ended at its last step, and its loss fell by \d+ % over the second half of its steps\. Allow more --epochs or --steps\.\nThe mask is a veil: it touches \d+ % of the voxels where it may hide/,
  );
  const result = JSON.parse(printed.out);
  expect(result.state).toMatchObject({ stopped: 'limit', convergence: 'not converged', extent: 'veil' });
  const [, second, third] = readTable(result.paths.losses).rows.map((row) => Number(row.validation_total));
  const first = Number(readTable(result.paths.losses).rows[0].validation_total);
  expect(result.state.lastFall).toBeCloseTo((first - Math.min(second, third)) / first, 6);
  expect(JSON.parse(readFileSync(place('whole/mask.json'), 'utf8')).results.state).toEqual(result.state);
  expect(result).toMatchObject({
    className: 'AD',
    fit: { used: 4, of: 4 },
    select: { used: 2, of: 2 },
    steps: 10,
    epochs: 3,
    interrupted: false,
  });
  expect(result.probabilities.before).toBeGreaterThan(0.6);
  expect(result.probabilities.after).toBeLessThan(0.9 * result.probabilities.before);

  const raw = readVolume(result.paths.mask);
  const kept = readVolume(result.paths.thresholded);
  expect(raw.grid).toEqual(grid);
  expect(kept.storage.orientation).toEqual(storage.orientation);
  expect(raw.data.every((value) => value >= 0 && value <= 1)).toBe(true);
  expect(raw.data.some((value) => value > 0.95 && value < 1)).toBe(true);
  expect(kept.data).toEqual(raw.data.map((value) => (value > 0.95 ? 1 : value)));
  const touched = kept.data.filter((value) => value < 1).length;
  expect(result.touchedShare).toBeCloseTo(touched / kept.data.length, 12);

  const { labels, regions } = readAtlas(files.atlas, files.labels);
  const table = readTable(result.paths.regions).rows;
  expect(table).toHaveLength(regions.length);
  for (const row of table.slice(0, 5)) {
    const inside = kept.data.filter((_, u) => labels[u] === Number(row.value)).map((value) => 1 - value);
    expect(Number(row.voxels)).toBe(inside.length);
    expect(Number(row.sum)).toBeCloseTo(
      inside.reduce((sum, value) => sum + value, 0),
      4,
    );
    expect(Number(row.density)).toBeCloseTo(Number(row.sum) / inside.length, 9);
  }
  const densities = table.map((row) => Number(row.density));
  expect(densities).toEqual([...densities].sort((a, b) => b - a));

  const losses = readTable(result.paths.losses).rows;
  expect(losses.map((row) => row.steps)).toEqual(['4', '8', '10']);
  for (const row of losses) {
    const sum = Number(row.validation_size) + Number(row.validation_variation) + Number(row.validation_score);
    expect(Number(row.validation_total)).toBeCloseTo(sum, 9);
  }
  const outliers = readTable(result.paths.outliers).rows;
  expect(outliers).toHaveLength(4);
  expect(outliers.map((row) => Number(row.z))).toEqual(
    outliers.map((row) => Number(row.z)).sort((a, b) => b - a),
  );
  const derivatives = place('whole/tpl-IXI549Space/cohort-AD/anat/tpl-IXI549Space_cohort-AD_desc');
  expect(readVolume(`${derivatives}-occlusion_probseg.nii.gz`).data).toEqual(
    raw.data.map((value) => 1 - value),
  );
  expect(bidsFaults(place('whole'))).toEqual([]);
  expect(readVolume(`${derivatives}-occluded_mask.nii.gz`).data).toEqual(
    raw.data.map((value) => Number(value <= 0.95)),
  );
  for (const picture of [result.paths.mosaic, result.paths.lossesPicture, result.paths.regionsPicture])
    expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG');
  const sidecar = JSON.parse(readFileSync(result.paths.sidecar, 'utf8'));
  expect(sidecar.options).toMatchObject({ independent: false, fitOn: 'train', mu: 1, className: 'AD' });
  expect(sidecar.results.fittedOn).toHaveLength(4);
  expect(sidecar.results.selectedOn.join()).toMatch(/^sub-AD\d+ ses-M000,sub-AD\d+ ses-M000$/);
  expect(sidecar.adapter.name).toBeTruthy();
});

it('gives the same bytes for the same seed, and another mask for another', async () => {
  for (const name of ['one', 'two']) expect(await maskGroup(name, ...atlas, '--seed', '7')).toBe(0);
  for (const file of ['mask.nii.gz', 'mask_thresholded.nii.gz', 'regions.tsv', 'losses.tsv', 'mosaic.png'])
    expect(readFileSync(place(`one/${file}`)).equals(readFileSync(place(`two/${file}`))), file).toBe(true);
  expect(await maskGroup('three', '--seed', '8')).toBe(0);
  expect(readFileSync(place('one/mask.nii.gz')).equals(readFileSync(place('three/mask.nii.gz')))).toBe(false);
});

it('stores the mask as the images are stored', async () => {
  expect(await maskGroup('las')).toBe(0);
  expect(await maskGroup('from-ras', '--cohort', storedRas(made))).toBe(0);
  const las = readVolume(place('las/mask.nii.gz'));
  const ras = readVolume(place('from-ras/mask.nii.gz'));
  expect(ras.storage.orientation).toEqual(storageFor(grid, 'RAS').orientation);
  expect(ras.storage.orientation).not.toEqual(las.storage.orientation);
  expect(ras.grid).toEqual(las.grid);
  expect(ras.data).toEqual(las.data);
});

it('takes the images that are asked for', async () => {
  const others = storedRas(made, 'other');
  expect(await maskGroup('independent', '--independent', '--cohort', others, '--json')).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ fit: { used: 6, of: 6 }, select: { used: 6, of: 6 } });
  const options = JSON.parse(readFileSync(place('independent/mask.json'), 'utf8')).options;
  expect(options.group).toMatchObject({ patience: 25, epochs: 300 });
  printed.out = '';
  expect(await maskGroup('both', '--fit-on', 'train+validation', '--json')).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ fit: { used: 6, of: 6 }, select: { used: 2, of: 2 } });
  printed.out = '';
  expect(await maskGroup('healthy', '--model', modelOfCn, '--class', 'CN', '--json')).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ className: 'CN', fit: { used: 4, of: 4 } });
});

it('refuses as independent a cohort that the network has seen, by name', async () => {
  expect(await maskGroup('seen', '--independent')).toBe(1);
  expect(printed.err).toMatch(
    /12 participants are on two sides: sub-(AD|CN)\d+ \(the network's, independent\)/,
  );
});

it('hides voxels behind another volume', async () => {
  const mu = place('mu.nii.gz');
  writeVolume(mu, firstImage, { grid, storage: storageFor(grid, 'RAS') });
  expect(await maskGroup('mu', '--mu', mu, '--learning-rate', '0.2')).toBe(0);
  expect(printed.out).toMatch(/images fitted on +4 of 4/);
  expect(printed.out).toMatch(/mean AD probability +0\.\d+\nunder the mask/);
  expect(existsSync(place('mu/mask.nii.gz'))).toBe(true);
  expect(existsSync(place('mu/regions.tsv'))).toBe(false);
});

it('leaves an image out whose loss stands out, and makes the mask anew', async () => {
  const table = storedRas(made, 'odd');
  const rows = readTable(table).rows;
  const odd = rows.findIndex((row) => row.diagnosis === 'AD');
  const file = path.join(path.dirname(table), rows[odd].path);
  const volume = readVolume(file);
  writeVolume(
    file,
    volume.data.map((value) => -20 * value),
    volume,
  );
  const name = `${rows[odd].participant_id} ${rows[odd].session_id}`;
  const words = ['--independent', '--cohort', table, '--epochs', '3', '--steps', '18', '--json'];
  expect(await maskGroup('odd', ...words)).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ outliers: [name], dropped: [], fit: { used: 6, of: 6 } });
  expect(printed.err).toContain(`Images whose loss under the mask stands out: ${name}`);
  printed.out = '';
  expect(await maskGroup('even', ...words, '--drop-outliers')).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ dropped: [name], fit: { used: 5, of: 6 } });
});

it.skipIf(!existsSync(built))(
  'goes on after a kill in the middle of an epoch, with the same bytes',
  async () => {
    const words = ['--model', model, '--cohort', files.cohort, '--checkpoint-every', '0', '--epochs', '40'];
    const rest = ['--patience', '40', '--quiet'];
    expect(await main(['mask', 'group', ...words, ...rest, '--out', place('unbroken')])).toBe(0);
    expect(existsSync(place('unbroken/checkpoint.safetensors'))).toBe(false);
    const all = [built, 'mask', 'group', ...words, ...rest, '--out', place('killed')];
    const child = spawn(process.execPath, all);
    const watch = setInterval(() => {
      if (existsSync(place('killed/checkpoint.safetensors'))) child.kill('SIGKILL');
    }, 5);
    await new Promise((resolve) => {
      child.on('close', resolve);
    });
    clearInterval(watch);
    expect(existsSync(place('killed/mask.nii.gz'))).toBe(false);
    expect(existsSync(place('killed/checkpoint.safetensors'))).toBe(true);
    expect(await main(['mask', 'group', ...words, ...rest, '--seed', '9', '--out', place('killed')])).toBe(1);
    expect(printed.err).toMatch(/holds an unfinished mask with another group.*--overwrite to start anew/);
    expect(await main(['mask', 'group', ...words, ...rest, '--out', place('killed')])).toBe(0);
    for (const file of ['mask.nii.gz', 'losses.tsv', 'outliers.tsv'])
      expect(
        readFileSync(place(`killed/${file}`)).equals(readFileSync(place(`unbroken/${file}`))),
        file,
      ).toBe(true);
  },
);

it('replaces a mask only when asked, and then leaves nothing of the old one', async () => {
  expect(await maskGroup('again', ...atlas, '--json')).toBe(0);
  const before = readFileSync(place('again/mask.nii.gz'));
  const told = JSON.parse(printed.out);
  printed.out = '';
  expect(await maskGroup('again', ...atlas, '--json')).toBe(0); // the same mask is told, not made
  expect(JSON.parse(printed.out)).toEqual({ ...told, finishedBefore: true });
  printed.err = '';
  expect(await maskGroup('again', '--seed', '9')).toBe(1);
  expect(printed.err).toMatch(/^voxmask: .*contains mask\.nii\.gz already.*--overwrite.*\n$/);
  expect(readFileSync(place('again/mask.nii.gz')).equals(before)).toBe(true);
  expect(await maskGroup('again', '--seed', '9', '--overwrite')).toBe(0);
  expect(readFileSync(place('again/mask.nii.gz')).equals(before)).toBe(false);
  expect(existsSync(place('again/regions.tsv'))).toBe(false);
});

/** Inputs that do not go together, written when they are needed. */
const bad = {
  model: () => {
    const lonely = place('lonely.safetensors');
    writeFileSync(lonely, readFileSync(model));
    return ['--model', lonely];
  },
  session: () => {
    const split = place('foreign.tsv');
    writeFileSync(split, `${readFileSync(made.split, 'utf8')}sub-AD999\tses-M000\tAD\ttrain\n`);
    return ['--split', split];
  },
  diagnosis: () => {
    const split = place('relabelled.tsv');
    writeFileSync(split, readFileSync(made.split, 'utf8').replace('\tAD\ttrain', '\tCN\ttrain'));
    return ['--split', split];
  },
  sides: () => {
    const split = place('leaky.tsv');
    const text = readFileSync(made.split, 'utf8');
    const line = text.split('\n').find((row) => row.endsWith('train'));
    writeFileSync(split, `${text}${line?.replace('train', 'validation')}\n`);
    return ['--split', split];
  },
  mu: () => {
    const mu = place('wide.nii.gz');
    const wide = { shape: [4, 4, 4] as const, affine: grid.affine };
    writeVolume(mu, new Float32Array(64), { grid: wide, storage: storageFor(wide, 'LAS') });
    return ['--mu', mu];
  },
};

it('brings mu and the atlas onto the grid of the images, if asked', async () => {
  const fine = {
    shape: [2, 2, 2] as const,
    affine: [-90, 0, 0, 45, 0, 108, 0, -72, 0, 0, 90, -27, 0, 0, 0, 1],
  };
  const labels = place('coarse.nii.gz');
  const regions = [1, 2, 3, 4, 5, 6, 7, 8];
  writeVolume(
    labels,
    Float32Array.from(regions),
    { grid: fine, storage: storageFor(fine, 'RAS') },
    { datatype: 'int16' },
  );
  const table = place('coarse.tsv');
  writeFileSync(table, ['value\tname', ...regions.map((value) => `${value}\tR${value}`)].join('\n'));
  const other = [...bad.mu(), '--atlas', labels, '--labels', table];
  expect(await maskGroup('onto', ...other)).toBe(1);
  expect(await maskGroup('onto', ...other, '--resample')).toBe(0);
  const rows = readFileSync(place('onto/regions.tsv'), 'utf8').trim().split('\n').slice(1);
  expect(rows).toHaveLength(8);
  expect(rows.every((row) => Number(row.split('\t')[2]) > 50)).toBe(true);
});

it.each<[string, string[] | (() => string[]), number, RegExp]>([
  ['no model', ['--model', 'nowhere.safetensors'], 1, /nowhere\.safetensors: does not exist/],
  ['no split', bad.model, 1, /split\.tsv: does not exist.*--split FILE, or --independent/],
  [
    'a session that the cohort lacks',
    bad.session,
    1,
    /does not fit the cohort:\n.*sub-AD999 ses-M000 is not/,
  ],
  ['another diagnosis', bad.diagnosis, 1, /does not fit the cohort:\n.*is CN, but AD in/],
  ['a session on both sides', bad.sides, 1, /sub-\w+ ses-M000 is there twice/],
  ['no correct image', ['--model', modelOfCn], 1, /none of the 4 AD images is classified correctly/],
  ['an unknown class', ['--class', 'MCI'], 1, /knows no class MCI\. Choose one of CN, AD/],
  ['mu on another grid', bad.mu, 1, /wide\.nii\.gz: lies on another grid than the images: 4 x 4 x 4/],
  ['an atlas without names', ['--atlas', files.atlas], 2, /--atlas and --labels are given together/],
  ['a split of a foreign cohort', ['--independent', '--split', 'x'], 2, /--independent goes without --split/],
  ['no steps', ['--steps', '0'], 2, /--steps takes a whole number from 1/],
  ['half an epoch', ['--epochs', '0.5'], 2, /--epochs takes a whole number from 1/],
  ['a negative weight', ['--lambda1', '-1'], 2, /--lambda1 takes a number from 0/],
  ['a power of 0', ['--beta1', '0'], 2, /--beta1 takes a number above 0/],
])('refuses %s', async (_, words, code, fault) => {
  const name = 'refused';
  expect(await maskGroup(name, ...(typeof words === 'function' ? words() : words))).toBe(code);
  expect(printed.err).toMatch(fault);
  expect(printed.err).not.toContain('    at ');
  expect(printed.out).toBe('');
  expect(existsSync(place(`${name}/mask.nii.gz`))).toBe(false);
});

it.skipIf(!existsSync(built))('keeps the best mask so far when it is interrupted', async () => {
  const endless = ['--epochs', '1000000', '--patience', '1000000', ...atlas];
  const words = ['--model', model, '--cohort', files.cohort, '--out', place('stopped'), ...endless];
  const child = spawn(process.execPath, [built, 'mask', 'group', ...words]);
  let said = '';
  let results = '';
  child.stdout.on('data', (text) => {
    results += text;
  });
  child.stderr.on('data', (text) => {
    const before = said;
    said += text;
    // The network has been asked; a moment later the mask moves.
    if (/Classifying: 100 %/.test(said) && !/Classifying: 100 %/.test(before))
      setTimeout(() => child.kill('SIGINT'), 700);
  });
  const code = await new Promise((resolve) => {
    child.on('close', resolve);
  });
  expect(code, said).toBe(130);
  expect(said).toMatch(/finishing the steps under way/);
  expect(said).toMatch(/Stopped after \d+ steps; saved the best mask: .*mask\.nii\.gz/);
  expect(said).toMatch(/voxmask: interrupted\n$/);
  expect(results).toMatch(/images fitted on +4 of 4/);
  const { data, grid: its } = readVolume(place('stopped/mask.nii.gz'));
  expect(its).toEqual(grid);
  expect(data.some((value) => value < 1)).toBe(true);
  expect(readTable(place('stopped/losses.tsv')).rows.length).toBeGreaterThan(0);
  expect(readTable(place('stopped/regions.tsv')).rows.length).toBeGreaterThan(0);
});

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { storageFor, writeVolume } from '../../cohort/nifti.ts';
import { readModel } from '../../model/model-file.ts';
import { parseSafetensors } from '../../model/safetensors.ts';
import { temporaryFolder } from '../cohort/raw-nifti.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = temporaryFolder();
const at = (...names: string[]) => path.join(folder, ...names);
const fixture = (name: string) => path.join(import.meta.dirname, '../fixtures/pytorch', name);
const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'));
const grid = { shape: expected.shape, affine: [-2, 0, 0, 5, 0, 2, 0, -7, 0, 0, 2, 1, 0, 0, 0, 1] };
const image = at('image.nii.gz');
writeVolume(image, Float32Array.from(expected.image), { grid, storage: storageFor(grid, 'LAS') });

collectPrinted();

const out = at('model.safetensors');
const take = (file: string, ...more: string[]) => {
  printed.out = '';
  printed.err = '';
  return main(['import', file, '--like', image, '--out', out, '--overwrite', ...more]);
};

/** A checkpoint as ClinicaDL lays it down, with this maps.json two folders above. */
function mapsWith(name: string, maps: unknown): string {
  const file = at(name, 'split-0', 'best-loss', 'model.pth.tar');
  mkdirSync(path.dirname(file), { recursive: true });
  copyFileSync(fixture('model.pth.tar'), file);
  writeFileSync(at(name, 'maps.json'), JSON.stringify(maps));
  return file;
}

/** What the imported network gives for the image, within 1e-6. */
async function expectProbabilities(probabilities: Record<string, number>): Promise<void> {
  printed.out = '';
  expect(await main(['predict', '--model', out, image, '--json', '--quiet'])).toBe(0);
  const given = JSON.parse(printed.out).images[0].probabilities;
  expect(Object.keys(given).sort()).toEqual(Object.keys(probabilities).sort());
  for (const [name, value] of Object.entries(probabilities))
    expect(Math.abs(given[name] - value), name).toBeLessThan(1e-6);
}

const [first, second] = expected.probabilities;

it.each([
  ['AD0', { AD: 0, CN: 1 }, { AD: first, CN: second }],
  ['CN0', { AD: 1, CN: 0 }, { CN: first, AD: second }],
])('takes the order of the classes from maps.json: %s', async (name, label_code, probabilities) => {
  expect(await take(mapsWith(name, { label: 'diagnosis', label_code }))).toBe(0);
  expect(printed.err).toMatch(/From \S+maps\.json: classes of the outputs: 0 (AD, 1 CN|CN, 1 AD)\./);
  expect(readModel(out).architecture.classes).toEqual(['CN', 'AD']); // the class under study last
  await expectProbabilities(probabilities);
});

it('takes the order that --classes gives, and keeps the class under study that --class names last', async () => {
  expect(await take(fixture('state.pth'), '--classes', 'AD,CN')).toBe(0);
  await expectProbabilities({ AD: first, CN: second });
  expect(await take(fixture('state.pth'), '--classes', 'AD,CN', '--class', 'CN')).toBe(0);
  expect(readModel(out).architecture.classes).toEqual(['AD', 'CN']);
  await expectProbabilities({ AD: first, CN: second });
});

it('assumes no order of the classes, and refuses contradictions', async () => {
  expect(await take(fixture('state.pth'))).toBe(1);
  expect(printed.err).toMatch(/state\.pth: does not tell which output is which class.*--classes AD,CN/);
  const file = mapsWith('contradicted', { label_code: { AD: 0, CN: 1 }, normalize: true });
  expect(await take(file, '--classes', 'CN,AD')).toBe(1);
  expect(printed.err).toMatch(/maps\.json: its label_code has the order AD,CN, and --classes CN,AD/);
  expect(await take(file, '--intensity', 'z-score')).toBe(1);
  expect(printed.err).toMatch(/maps\.json: it says that images were scaled to \[0, 1\]/);
  expect(await take(file, '--classes', 'AD,CN')).toBe(0);
  expect(readModel(out).intensity.scale).toBe('min-max');
  expect(await take(mapsWith('odd', { label_code: { AD: 1, CN: 2 } }))).toBe(1);
  expect(printed.err).toMatch(/its label_code does not number the labels from 0: AD 1, CN 2/);
  expect(await take(fixture('state.pth'), '--classes', 'CN,MCI,AD')).toBe(1);
  expect(printed.err).toMatch(/layer fc\.FC0\.0 has 2 outputs, and there are 3 classes: CN, MCI, AD/);
  expect(await take(fixture('state.pth'), '--classes', 'CN,AD', '--class', 'MCI')).toBe(1);
  expect(printed.err).toMatch(/MCI is not one of CN, AD/);
});

it.each([
  ['relu', ['--activation', 'relu'], 'ReLU'],
  ['relu', ['--slope', '0'], 'ReLU'],
  ['stride', ['--reduction', 'stride'], "stride 2 in each block's last convolution"],
])('computes what PyTorch does for a network with %s when told so by %j', async (variant, more, value) => {
  expect(await take(fixture('state.pth'), '--classes', 'CN,AD', '--json', ...more)).toBe(0);
  const { settings } = JSON.parse(printed.out);
  expect(settings).toContainEqual(expect.objectContaining({ value, source: 'option' }));
  await expectProbabilities({ CN: expected[variant][0], AD: expected[variant][1] });
});

it('prints and records whatever it assumed, with the option that says otherwise', async () => {
  expect(await take(fixture('state.pth'), '--classes', 'CN,AD', '--dropout', '0.3', '--json')).toBe(0);
  const { settings } = JSON.parse(printed.out);
  const assumed = settings.filter(({ source }: { source: string }) => source === 'assumed');
  expect(assumed.map(({ name }: { name: string }) => name)).toEqual([
    'class under study',
    'activation',
    'halving',
    'odd axes',
    'padding of the convolutions',
    'order of the layers',
    'scale of the images',
    'smoothing of the images',
    'orientation of the images',
  ]);
  for (const { name, value } of assumed) expect(printed.err).toContain(`\n  ${name}: ${value}`);
  expect(printed.err).toContain('activation: LeakyReLU with slope 0.01 (else --slope (0 for ReLU))');
  const { metadata } = parseSafetensors(readFileSync(out), out);
  expect(JSON.parse(metadata.imported)).toEqual(settings);
});

it('refuses a slope for ReLU', async () => {
  expect(
    await take(fixture('state.pth'), '--classes', 'CN,AD', '--activation', 'relu', '--slope', '0.1'),
  ).toBe(2);
  expect(printed.err).toMatch(/--activation relu has no slope/);
});

it.each([
  ['beside.pth', [], 'network_weights"'],
  ['net.pth', [], 'net", not those under ema (else --key)'],
  ['two.pth', ['--key', 'generator'], 'generator", not those under ema (else --key)'],
])('finds the weights in %s %j, and runs nothing of what is beside them', async (name, more, key) => {
  expect(await take(fixture(name), '--classes', 'CN,AD', ...more)).toBe(0);
  expect(printed.err).toContain(`Weights under "${key}.`);
  await expectProbabilities({ CN: first, AD: second });
});

it.each<[string, string[], RegExp]>([
  ['two.pth', [], /two\.pth: holds several state_dicts: generator, ema\. Choose one with --key/],
  ['two.pth', ['--key', 'best'], /has no state_dict under "best"\. It has some under generator, ema/],
  ['diverged.pth', [], /diverged\.pth: fc\.FC0\.0\.bias contains NaN or infinity in 1 of 2 values/],
  [
    'hidden.pth',
    [],
    /its fully connected layers do not fit:\n {2}layer fc\.2 is 24 into 20, where .* 24 into 10\n {2}layer fc\.4 is 20 into 5.*\n\. Networks with .*Conv5_FC3, are not supported yet/,
  ],
  [
    'sub-blocks.pth',
    ['--sub-blocks', '1,3'],
    /its names say blocks of 2, 2 convolutions, and --sub-blocks 1, 3/,
  ],
])('refuses %s %j, saying why', async (name, more, message) => {
  expect(await take(fixture(name), '--classes', 'CN,AD', ...more)).toBe(1);
  expect(printed.err).toMatch(message);
  expect(printed.err).not.toContain('model.safetensors');
});

it("tells blocks by voxmask's own names", async () => {
  expect(await take(fixture('sub-blocks.pth'), '--classes', 'CN,AD')).toBe(0);
  expect(readModel(out).architecture).toMatchObject({ channels: [2, 2], subBlocks: [2, 2] });
  expect(printed.err).not.toContain('blocks:');
});

it('names what is no checkpoint for what it is', async () => {
  writeFileSync(at('empty.pth'), '');
  writeFileSync(at('page.pth'), '<!doctype html><title>404</title>');
  expect(await take(at('empty.pth'), '--classes', 'CN,AD')).toBe(1);
  expect(printed.err).toMatch(/empty\.pth: is empty\. Copy it again/);
  expect(await take(at('page.pth'), '--classes', 'CN,AD')).toBe(1);
  expect(printed.err).toMatch(/page\.pth: is neither a checkpoint of PyTorch nor safetensors/);
});

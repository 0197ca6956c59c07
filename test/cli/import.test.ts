import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { storageFor, writeVolume } from '../../cohort/nifti.ts';
import { readModel } from '../../model/model-file.ts';
import { readPytorch } from '../../model/pytorch/checkpoint.ts';
import { formatSafetensors } from '../../model/safetensors.ts';
import { temporaryFolder } from '../cohort/raw-nifti.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = temporaryFolder();
const at = (name: string) => path.join(folder, name);
const fixtures = path.join(import.meta.dirname, '../fixtures/pytorch');
const fixture = (name: string) => path.join(fixtures, name);
const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'));
const grid = { shape: expected.shape, affine: [-2, 0, 0, 5, 0, 2, 0, -7, 0, 0, 2, 1, 0, 0, 0, 1] };
const image = at('image.nii.gz');
writeVolume(image, Float32Array.from(expected.image), { grid, storage: storageFor(grid, 'LAS') });

collectPrinted();

const take = (file: string, out: string, ...more: string[]) =>
  main(['import', file, '--like', image, '--out', at(out), '--classes', 'CN,AD', ...more]);

async function probabilities(model: string, of = image): Promise<number[]> {
  printed.out = '';
  expect(await main(['predict', '--model', at(model), of, '--json', '--quiet'])).toBe(0);
  return Object.values(JSON.parse(printed.out).images[0].probabilities);
}

it.each([
  ['state.pth', 1e-6],
  ['model.pth.tar', 1e-6],
  ['parallel.pth', 1e-6],
  ['flat-half.pth', 2e-3], // weights of 11 bits
])('takes over %s, which then says what it said in PyTorch', async (name, bound) => {
  const out = `${name}.safetensors`;
  expect(await take(fixture(name), out)).toBe(0);
  expect(printed.out).toMatch(/conv0\.0\.weight +2 x 1 x 3 x 3 x 3\n/);
  expect(printed.out).toMatch(
    /blocks of 2, 3 channels \(1, 1 sub-blocks\), maxpool; 1 fully connected into CN, AD/,
  );
  expect(readModel(at(out)).architecture).toMatchObject({ channels: [2, 3], subBlocks: [1, 1], fcLayers: 1 });
  (await probabilities(out)).forEach((value, i) => {
    expect(Math.abs(value - expected.probabilities[i])).toBeLessThan(bound);
  });
});

it('takes over bare safetensors, and replaces a model only when asked', async () => {
  expect(await take(at('model.safetensors'), 'x.safetensors')).toBe(1);
  expect(printed.err).toMatch(/model\.safetensors: does not exist/);
  expect(await take(fixture('state.pth'), 'again.safetensors')).toBe(0);
  const { weights } = readModel(at('again.safetensors'));
  writeFileSync(at('bare.safetensors'), formatSafetensors(weights, {}));
  expect(await take(at('bare.safetensors'), 'copy.safetensors', '--json')).toBe(0);
  expect(readFileSync(at('copy.safetensors')).equals(readFileSync(at('again.safetensors')))).toBe(true);
  expect(await take(at('again.safetensors'), 'new.safetensors')).toBe(1);
  expect(printed.err).toMatch(/again\.safetensors: states its architecture already\. Use it as it is/);
  expect(await take(fixture('state.pth'), 'copy.safetensors')).toBe(1);
  expect(printed.err).toMatch(/copy\.safetensors: exists already/);
});

it('takes the one model.pth.tar of a MAPS folder, and asks where there are several', async () => {
  const place = (split: string) => {
    mkdirSync(at(`MAPS/${split}/best-loss`), { recursive: true });
    copyFileSync(fixture('model.pth.tar'), at(`MAPS/${split}/best-loss/model.pth.tar`));
  };
  mkdirSync(at('MAPS'));
  expect(await take(at('MAPS'), 'maps.safetensors')).toBe(1);
  expect(printed.err).toMatch(/MAPS: is a folder without model\.pth\.tar\. Give the path/);
  place('split-0');
  expect(await take(at('MAPS'), 'maps.safetensors')).toBe(0);
  expect(printed.err).toMatch(/Checkpoint: .*split-0.best-loss.model\.pth\.tar\n/);
  place('split-1');
  expect(await take(at('MAPS'), 'other.safetensors')).toBe(1);
  expect(printed.err).toMatch(/has 2 checkpoints:\n.*split-0.*\n.*split-1/);
});

it('keeps what was done to the values of its images', async () => {
  const values: number[] = expected.image;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const variants = {
    'scaled.nii.gz': values.map((value) => (value - low) / (high - low)),
    'wide.nii.gz': values.map((value) => 3 * value + 1),
  };
  for (const [name, data] of Object.entries(variants))
    writeVolume(at(name), Float32Array.from(data), { grid, storage: storageFor(grid, 'LAS') });
  expect(await take(fixture('state.pth'), 'plain.safetensors')).toBe(0);
  expect(await take(fixture('state.pth'), 'scaling.safetensors', '--intensity', 'min-max')).toBe(0);
  expect(readModel(at('scaling.safetensors')).intensity).toEqual({ scale: 'min-max', smoothing: 0 });
  const [byHand] = await probabilities('plain.safetensors', at('scaled.nii.gz'));
  const [byModel] = await probabilities('scaling.safetensors', at('wide.nii.gz'));
  const [unscaled] = await probabilities('plain.safetensors', at('wide.nii.gz'));
  expect(Math.abs(byModel - byHand)).toBeLessThan(1e-5);
  expect(Math.abs(unscaled - byHand)).toBeGreaterThan(1e-3);
});

it('runs nothing that a file asks for, and names it', async () => {
  expect(await take(fixture('hostile.pth'), 'hostile.safetensors')).toBe(1);
  expect(printed.err).toMatch(
    /hostile\.pth: asks for (posix|os|nt)\.system, which is no part of a state_dict; nothing/,
  );
  for (const place of ['hostile-was-run', at('hostile-was-run')]) expect(existsSync(place)).toBe(false);
  expect(existsSync(at('hostile.safetensors'))).toBe(false);
});

it.each<[string, string[], RegExp]>([
  ['old-format.pth', [], /it has PyTorch's old format\. Save it with torch\.save of PyTorch 1\.6 or newer/],
  ['list.pth', [], /list\.pth: holds no state_dict/],
  ['expanded.pth', [], /expanded\.pth: is no checkpoint .*: weight reaches beyond its values/],
  ['kernel-5.pth', [], /layer 0 has a kernel of 5 x 5 x 5, not 3 x 3 x 3/],
  ['two-dimensional.pth', [], /layer 0 has a weight of shape 2 x 1 x 3 x 3, which is no 3D convolution/],
  ['no-norm.pth', [], /layer 0 has no batch normalisation of its channels behind it/],
  ['state.pth', ['--sub-blocks', '1,1,1'], /has 2 convolutions, and --sub-blocks 3/],
])('refuses %s %j', async (name, more, message) => {
  expect(await take(fixture(name), 'bad.safetensors', ...more)).toBe(1);
  expect(printed.err).toMatch(message);
  expect(existsSync(at('bad.safetensors'))).toBe(false);
});

it('refuses damaged archives, and tensors that reach beyond their values', () => {
  const whole = readFileSync(fixture('state.pth'));
  for (let i = 0; i < 40; i++) {
    const bytes = Uint8Array.from(whole);
    for (let k = 0; k < 3; k++) bytes[(i * 997 + k * 4099 + 13) % bytes.length] ^= 0x55;
    // Either the damage hit values, or it is told; nothing hangs and nothing else is thrown.
    try {
      readPytorch(bytes, 'x');
    } catch (error) {
      expect((error as Error).name, String(error)).toBe('InputError');
    }
  }
  expect(() => readPytorch(whole.subarray(0, 2000), 'x')).toThrow(
    /x: is no checkpoint of PyTorch that can be read/,
  );
  writeFileSync(at('no.pth'), zipSync({ 'archive/version': Uint8Array.of(51) }));
  expect(() => readPytorch(readFileSync(at('no.pth')), 'x')).toThrow(/it has no data\.pkl/);
});

it('blames a checkpoint that cannot be used, not the file that was to be written', async () => {
  writeFileSync(at('nothing.pth'), '');
  expect(await take(at('nothing.pth'), 'none.safetensors')).toBe(1);
  expect(printed.err).toMatch(/nothing\.pth: is empty\. /);
  const bytes = Buffer.from(formatSafetensors(readModel(at('state.pth.safetensors')).weights, {}));
  bytes.writeFloatLE(Number.NaN, bytes.length - 4);
  writeFileSync(at('diverged.safetensors'), bytes);
  expect(await take(at('diverged.safetensors'), 'none.safetensors')).toBe(1);
  expect(printed.err).toMatch(/diverged\.safetensors: .*contains NaN or infinity in 1 of \d+ values/);
  expect(existsSync(at('none.safetensors'))).toBe(false);
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { temporaryFolder } from '../cohort/raw-nifti.ts';
import { fixturePath } from '../model/fixtures.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = temporaryFolder();
const at = (...names: string[]) => path.join(folder, ...names);
const model = fixturePath('network-final.safetensors');
collectPrinted();

it('writes the very weights, and the program that loads them', async () => {
  expect(await main(['export', model, '--out', at('out')])).toBe(0);
  expect(printed.out).toMatch(/model\.safetensors +weights by PyTorch's names/);
  expect(readFileSync(at('out/model.safetensors')).equals(readFileSync(model))).toBe(true);
  const program = readFileSync(at('out/load_voxmask.py'), 'utf8');
  expect(program).toBe(readFileSync('model/pytorch/load_voxmask.py', 'utf8'));
  expect(await main(['export', at('out'), '--out', at('again'), '--json'])).toBe(0);
  expect(existsSync(at('again/model.safetensors'))).toBe(true);
  expect(await main(['export', model, '--out', at('out')])).toBe(1);
  expect(printed.err).toMatch(/out: contains model\.safetensors already/);
  expect(await main(['export', model, '--out', at('out'), '--overwrite'])).toBe(0);
});

it('refuses what is no model, and writes nothing', async () => {
  writeFileSync(at('text.safetensors'), 'no weights');
  expect(await main(['export', at('text.safetensors'), '--out', at('none')])).toBe(1);
  expect(printed.err).toMatch(/text\.safetensors: not a sound safetensors file/);
  expect(existsSync(at('none'))).toBe(false);
});

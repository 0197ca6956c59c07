import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { plainIntensity } from '../../cohort/intensity.ts';
import type { Architecture } from '../../model/architecture.ts';
import { type Model, readModel, writeModel } from '../../model/model-file.ts';
import { formatSafetensors } from '../../model/safetensors.ts';
import { initialWeights } from '../../model/weights.ts';
import { temporaryFolder } from '../cohort/raw-nifti.ts';

const file = path.join(temporaryFolder(), 'model.safetensors');
const architecture: Architecture = {
  inputShape: [5, 6, 4],
  channels: [2],
  subBlocks: [1],
  reduction: 'maxpool',
  fcLayers: 1,
  dropout: 0,
  classes: ['CN', 'AD'],
};
const weights = initialWeights(architecture, 1);
const grid = { shape: [5, 6, 4] as const, affine: [-2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1] };

it('what is written is read back, a control as such', () => {
  const model: Model = { architecture, weights, grid, intensity: plainIntensity, shuffledLabels: null };
  writeModel(file, model);
  expect(readModel(file)).toEqual(model);
  writeModel(file, { ...model, shuffledLabels: 7 });
  expect(readModel(file).shuffledLabels).toBe(7);
});

describe('refuses, by its name, a file whose metadata', () => {
  const sound = { architecture: JSON.stringify(architecture), grid: JSON.stringify(grid) };
  it.each<[string, Record<string, string>, RegExp]>([
    ['have no architecture', { architecture: '{' }, /has no architecture/],
    ['have a number for it', { architecture: '5' }, /inputShape is not three sizes/],
    [
      'ask for any amount of memory',
      { architecture: JSON.stringify({ ...architecture, fcLayers: 1e9 }) },
      /fcLayers is no whole number from 1 to 100/,
    ],
    [
      'have classes without names',
      { architecture: JSON.stringify({ ...architecture, classes: [1, {}] }) },
      /classes are not/,
    ],
    [
      'have another grid',
      { grid: JSON.stringify({ ...grid, shape: [6, 6, 4] }) },
      /no grid of 5 x 6 x 4 voxels/,
    ],
    ['have no grid there', { grid: '5' }, /no grid of/],
    ['have a broken grid', { grid: '{' }, /no grid of/],
    ['have another kind of intensity', { intensity: '{"scale":"rank"}' }, /scale/],
  ])('%s', (_, metadata, message) => {
    writeFileSync(file, formatSafetensors(weights, { ...sound, ...metadata }));
    expect(() => readModel(file)).toThrow(InputError);
    expect(() => readModel(file)).toThrow(message);
    expect(() => readModel(file)).toThrow(/model\.safetensors/);
  });

  it('fit weights of several input channels no better: all faults at once', () => {
    const other = new Map(weights);
    other.set('convolutions.conv0.0.weight', {
      shape: [2, 3, 3, 3, 3],
      data: new Float32Array(162),
      type: 'F32',
    });
    other.delete('fc.FC0.0.bias');
    writeFileSync(file, formatSafetensors(other, sound));
    expect(() => readModel(file)).toThrow(
      /conv0\.0\.weight is \[2, 3, 3, 3, 3\] where \[2, 1, 3, 3, 3\][\s\S]*bias \[2\] is missing/,
    );
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { modelFile, modelFiles, runOf, splitBeside } from '../../model/model-folder.ts';
import { temporaryFolder } from '../cohort/raw-nifti.ts';

const folder = temporaryFolder();
const at = (...names: string[]) => path.join(folder, ...names);

function put(...names: string[]): string {
  mkdirSync(at(...names), { recursive: true });
  writeFileSync(at(...names, 'model.safetensors'), '');
  return at(...names, 'model.safetensors');
}

it('finds a model by its file, its folder, its training, its fold, and the folder of all', () => {
  const best = 'best-balanced_accuracy';
  const [second, tenth] = [2, 10].map((run) => put('all', 'split-1', `run-${run}`, best));
  const first = put('all', 'split-0', 'run-0', best);
  mkdirSync(at('all', 'split-3', 'run-0'), { recursive: true }); // not finished
  expect(modelFiles(at('all'))).toEqual([first, second, tenth]);
  expect(modelFiles(at('all', 'split-1'))).toEqual([second, tenth]);
  for (const place of [at('all', 'split-0'), at('all', 'split-0', 'run-0'), path.dirname(first), first])
    expect(modelFile(place)).toBe(first);
  expect(() => modelFile(at('all'))).toThrow(
    /all: holds 3 networks: split-0.run-0, split-1.run-2, split-1.run-10\. Give the folder of one of them/,
  );
  expect(() => modelFile(at('all', 'split-3'))).toThrow(/split-3: holds no model\.safetensors/);
  expect(modelFile(at('nowhere'))).toBe(at('nowhere')); // whoever reads it says so

  expect(runOf(tenth)).toEqual({ root: at('all'), fold: 1, run: 10 });
  expect(splitBeside(tenth)).toBe(at('all', 'split-1', 'run-10', 'split.tsv'));
  const flat = put('imported');
  expect(modelFile(at('imported'))).toBe(flat);
  expect(runOf(flat)).toBe(null);
  expect(splitBeside(flat)).toBe(at('imported', 'split.tsv'));
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { recordedChance, recordedState } from '../../cli/jobs/network-record.ts';
import {
  chanceWarning,
  countedMasks,
  evaluationWarning,
  maskWarnings,
  namedMasks,
  trainingWarnings,
} from '../../cli/state-text.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { judgeMask, unrecordedState } from '../../masking/mask-state.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-states-'));
afterAll(() => rmSync(folder, { recursive: true }));

const curve = (losses: readonly number[]) => losses.map((loss, i) => ({ steps: i + 1, loss }));
const sound = judgeMask(curve([1, 0.5, 0.5, 0.5]), 'patience', 0.1);
const falling = curve([1, 0.5, 0.4, 0.3]);
const chance = { p: 0.25, aboveChance: false };

it('warns of what a mask lacks, and how to mend it', () => {
  expect(maskWarnings(sound, 0.1)).toEqual([]);
  expect(maskWarnings(unrecordedState(0.1), 0.1)).toEqual([]);
  expect(maskWarnings(judgeMask(falling, 'limit', 1), 1)).toEqual([
    'The mask has not converged: it ended at its last step, and its loss fell by 40 % over the second half of its steps. Allow more --epochs or --steps.',
    'The mask is a veil: it touches 100 % of the voxels where it may hide, more than half, so its regions say little. Let it converge, or raise --lambda1.',
  ]);
  const [patience] = maskWarnings(judgeMask(falling, 'patience', 0.1), 0.1);
  expect(patience).toMatch(/fell by 40 % over the second half of its steps\. Raise --patience\.$/);
  const [cut] = maskWarnings(judgeMask(falling, 'interrupted', 0.1), 0.1);
  expect(cut).toMatch(/The same command goes on\.$/);
  const [short, empty] = maskWarnings(judgeMask(curve([1]), 'limit', 0), 0);
  expect(short).toMatch(/its losses are too few to tell/);
  expect(empty).toMatch(/^The mask is empty: no voxel is at or below 0\.95/);
});

it('counts, or names, those of several masks that are not sound', () => {
  const masks = [
    { name: 'a', state: sound },
    { name: 'b', state: judgeMask(falling, 'limit', 0.7) },
    { name: 'c', state: judgeMask(falling, 'limit', 0.1) },
    { name: 'd', state: unrecordedState(0.1) },
  ];
  expect(countedMasks(masks, 'sessions.tsv tells which')).toBe(
    'Of 4 masks: 2 not converged, 1 veil (sessions.tsv tells which).',
  );
  expect(namedMasks(masks)).toBe('Masks that say little: b (veil, not converged), c (not converged).');
  for (const tell of [namedMasks, (all: typeof masks) => countedMasks(all, 'x')])
    expect(tell([masks[0], masks[3]])).toBeNull();
});

it('warns of a network that is not above chance, and of a training that was not at its end', () => {
  const state = { stopped: 'limit', stillFalling: true, chance } as const;
  expect(trainingWarnings(state, 0.6)).toEqual([
    expect.stringMatching(/^The network is not shown to be above chance: .* 0\.600, p = 0\.25\. /),
    expect.stringMatching(/^The training ended at its last epoch with the validation loss still falling\./),
  ]);
  const good = { p: 0.001, aboveChance: true };
  expect(trainingWarnings({ stopped: 'patience', stillFalling: false, chance: good }, 0.9)).toEqual([]);
  expect(trainingWarnings(null, 0.5)).toEqual([]);
  expect(chanceWarning(chance)).toMatch(/p = 0\.25\), so its masks may say nothing about the classes\.$/);
  expect([chanceWarning(good), chanceWarning(null)]).toEqual([null, null]);
  expect(
    evaluationWarning([
      { name: 'one on test', chance },
      { name: 'two on test', chance: good },
    ]),
  ).toBe('Balanced accuracy is not shown to be above chance: one on test (p = 0.25).');
});

it("finds what a network's training recorded, beside the model or above its folder", () => {
  const state = { stopped: 'limit', stillFalling: false, chance };
  writeFileAtomic(path.join(folder, 'run-0', 'train.json'), JSON.stringify({ results: { state } }));
  const own = path.join(folder, 'run-0', 'best-balanced_accuracy', 'model.safetensors');
  expect(recordedState(own)).toEqual(state);
  expect(recordedChance(path.join(folder, 'run-0', 'model.safetensors'))).toEqual(chance);
  // an imported network, a training of an earlier version, a damaged file
  expect(recordedChance(path.join(folder, 'model.safetensors'))).toBeNull();
  for (const text of ['{"results":{}}', '{}', '[', 'null']) {
    writeFileAtomic(path.join(folder, 'old', 'train.json'), text);
    expect(recordedChance(path.join(folder, 'old', 'model.safetensors'))).toBeNull();
  }
});

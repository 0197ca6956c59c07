import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FeedbackHooks, type FeedbackOptions, feedback } from '../../cli/jobs/feedback.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { type OpenGpu, openGpu } from '../../engine/node/open.ts';
import { groupDefaults } from '../../masking/group.ts';
import { trainDefaults } from '../../model/train.ts';
import { asKilled } from './cut-short.ts';
import { maskCohort, plainMask } from './mask-cohort.ts';

const made = maskCohort();
const { cohort } = made;
const place = (...names: string[]) => path.join(made.folder, ...names);
let opened: OpenGpu;
beforeAll(async () => {
  opened = await openGpu();
  const like = readVolume(cohort.sessions[0].path);
  writeVolume(
    place('half.nii.gz'),
    like.data.map((_, i) => i % 2),
    like,
    { datatype: 'float32', slope: 1 },
  );
});
afterAll(() => {
  opened.gpu.close();
  rmSync(made.folder, { recursive: true });
});

function options(out: string): FeedbackOptions {
  return {
    ...plainMask(made, out),
    group: { ...groupDefaults, maxSteps: 9 },
    mask: place('half.nii.gz'),
    share: 0.5,
    training: { ...trainDefaults, epochs: 2, batchSize: 3 },
  };
}

const open = () => Promise.resolve(opened);
const results = ['model.safetensors', 'regions.tsv', 'masks.png', 'mask/mask.nii.gz', 'mask/losses.tsv'];

/** Runs feedback and counts its steps of training and of the mask. */
async function counted(asked: FeedbackOptions, hooks: Partial<FeedbackHooks> = {}) {
  const steps = { train: 0, mask: 0 };
  const result = await feedback(asked, {
    open,
    ...hooks,
    onTrainStep: (progress) => {
      steps.train++;
      hooks.onTrainStep?.(progress);
    },
    onStep: (...told) => {
      steps.mask++;
      hooks.onStep?.(...told);
    },
  });
  return { steps, result };
}

it('goes on wherever it was cut short, and ends with the same bytes', async () => {
  const whole = await counted(options('whole'), {
    onTrainStep: ({ epoch, step }) => {
      if (epoch === 2 && step === 2) asKilled(place('whole'), place('killed in training'));
    },
    onStep: (steps) => {
      if (steps === 6) asKilled(place('whole'), place('killed in masking'));
    },
  });
  const stop = new AbortController();
  const stopped = await counted(options('stopped in training'), {
    signal: stop.signal,
    onTrainStep: ({ epoch, step }) => epoch === 1 && step === 2 && stop.abort(),
  });
  expect(stopped.result).toBeNull();
  const later = new AbortController();
  const masking = await counted(options('stopped in masking'), {
    signal: later.signal,
    onStep: (steps) => steps === 5 && later.abort(),
  });
  expect(masking.result).toBeNull();

  for (const name of [
    'killed in training',
    'killed in masking',
    'stopped in training',
    'stopped in masking',
  ]) {
    await expect(feedback({ ...options(name), share: 0.6 }, { open })).rejects.toThrow(
      /holds an unfinished training with another share\. .*--overwrite/,
    );
    const { steps, result } = await counted(options(name));
    if (name.endsWith('training')) expect(steps.train, name).toBeLessThan(whole.steps.train);
    else expect(steps, name).toMatchObject({ train: 0 });
    if (name.endsWith('masking')) expect(steps.mask, name).toBeLessThan(whole.steps.mask);
    for (const file of results)
      expect(
        readFileSync(place(name, file)).equals(readFileSync(place('whole', file))),
        `${name}: ${file}`,
      ).toBe(true);
    expect(result?.after).toEqual(whole.result?.after);
    expect(existsSync(place(name, 'checkpoint.safetensors'))).toBe(false);
  }

  const again = await counted(options('whole'));
  expect(again).toMatchObject({ steps: { train: 0, mask: 0 }, result: { finishedBefore: true } });
  expect(again.result?.regions).toEqual(whole.result?.regions);
  await expect(feedback({ ...options('whole'), share: 0.6 }, { open })).rejects.toThrow(
    /contains feedback\.json already/,
  );
});

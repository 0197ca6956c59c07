import { GpuError } from '../engine/errors.ts';
import type { Gpu } from '../engine/gpu.ts';
import { defaultTuning, type Tuning, tuningCandidates } from '../engine/tuning.ts';
import { type Architecture, subBlocks } from '../model/architecture.ts';
import { layerVolumes } from '../model/partition.ts';
import { timeStep } from './steps.ts';
import type { Work } from './subject.ts';

/** One choice as it was tried. */
export interface Trial {
  readonly choice: keyof Tuning;
  readonly value: number;
  readonly work: Work;
  /** of a step of one image; null where the device refused it */
  readonly seconds: number | null;
}

export interface Tuned {
  readonly tuning: Tuning;
  readonly trials: readonly Trial[];
}

/** What a choice shows in: convolutions forward and backward make up a mask step, sums only occur in training. */
const shownBy: readonly (readonly [keyof Tuning, Work])[] = [
  ['weightLanes', 'mask step'],
  ['tiles', 'mask step'],
  ['productVoxels', 'mask step'],
  ['parallelGroups', 'training step'],
];

const WORTH = 0.95; // of the time before, at most: a smaller gain is as likely noise

/**
 * Finds the fastest choices for a network on a device, one after the other, from the defaults on. Leaves them in
 * `gpu.tuning`.
 *
 * @param repetitions steps per trial, of which the median counts
 * @throws GpuError when the device cannot run a step at all
 */
export async function tune(
  gpu: Gpu,
  architecture: Architecture,
  repetitions: number,
  onTrial: (trial: Trial) => void = () => {},
  signal?: AbortSignal,
): Promise<Tuned> {
  const volumes = layerVolumes(subBlocks(architecture), architecture.inputShape);
  const candidates = tuningCandidates(gpu.device, volumes);
  const trials: Trial[] = [];
  const best = defaultTuning(gpu.device);
  const attempt = async (choice: keyof Tuning, value: number, work: Work) => {
    Object.assign(gpu.tuning, best, { [choice]: value });
    const { seconds, refused } = await timeStep(gpu, { architecture, work, batch: 1, repetitions });
    const trial = { choice, value, work, seconds };
    trials.push(trial);
    onTrial(trial);
    return { seconds, refused };
  };
  for (const [choice, work] of shownBy) {
    const values = candidates[choice].filter((value) => value !== best[choice]);
    if (values.length === 0) continue;
    const first = await attempt(choice, best[choice], work);
    if (first.seconds === null) throw new GpuError(`A ${work} cannot be run: ${first.refused}`);
    let fastest = first.seconds;
    let chosen = best[choice];
    for (const value of values) {
      if (signal?.aborted) break;
      const { seconds } = await attempt(choice, value, work);
      if (seconds === null || seconds > fastest * WORTH) continue;
      fastest = seconds;
      chosen = value;
    }
    best[choice] = chosen;
  }
  Object.assign(gpu.tuning, best);
  return { tuning: best, trials };
}

import { type StepOptions, timeStep } from '../../bench/steps.ts';
import type { Work } from '../../bench/subject.ts';
import type { Gpu } from '../../engine/gpu.ts';
import type { Architecture } from '../../model/architecture.ts';
import type { Unit } from './unit.ts';

/** How much of one kind of work there is at most, in images through a step. */
export interface Load {
  readonly work: Work;
  readonly batch: number;
  readonly images: number;
}

/** Time and memory that a unit takes at most on an adapter. */
export interface Estimate {
  readonly seconds: number;
  readonly peakBytes: number;
}

const repetitions = 2;

/**
 * Estimates units from steps timed on the adapter with made-up images of the study's size. Early stopping ends most
 * trainings and masks long before their limits, which is what is counted here.
 *
 * @param loads of the units that compute, by identifier
 */
export async function estimateUnits(
  gpu: Gpu,
  architecture: Architecture,
  units: readonly Unit[],
  loads: ReadonlyMap<string, Load>,
): Promise<Map<string, Estimate>> {
  const timed = new Map<string, Promise<{ secondsPerImage: number | null; peakBytes: number | null }>>();
  const timeOf = ({ work, batch }: Load) => {
    const key = `${work} ${batch}`;
    const options: StepOptions = { architecture, work, batch, repetitions };
    const known = timed.get(key) ?? timeStep(gpu, options);
    timed.set(key, known);
    return known;
  };
  const estimates = new Map<string, Estimate>();
  for (const { id } of units) {
    const load = loads.get(id);
    if (!load) continue;
    const { secondsPerImage, peakBytes } = await timeOf(load);
    if (secondsPerImage === null || peakBytes === null) continue; // the device refuses such a step
    estimates.set(id, { seconds: load.images * secondsPerImage, peakBytes });
  }
  return estimates;
}

import { GpuError } from '../engine/errors.ts';
import type { Gpu } from '../engine/gpu.ts';
import type { Architecture } from '../model/architecture.ts';
import { median } from './median.ts';
import { subject, type Work } from './subject.ts';

/** A kind of work at a batch size, timed; or why the device refused it. */
export interface StepResult {
  readonly work: Work;
  readonly shape: readonly number[];
  readonly batch: number;
  /** seconds of a step, the median of the repetitions: from its recording until its result has arrived */
  readonly seconds: number | null;
  readonly secondsPerImage: number | null;
  /** seconds until a step was recorded, which is what the host does */
  readonly hostSeconds: number | null;
  /** seconds of the first step beyond the median: compiling kernels and packing weights */
  readonly firstSeconds: number | null;
  readonly peakBytes: number | null;
  readonly refused: string | null;
}

/** Which step to time, and how often. */
export interface StepOptions {
  readonly architecture: Architecture;
  readonly work: Work;
  readonly batch: number;
  readonly repetitions: number;
}

/** Times one kind of work, alone on the GPU; memory is counted from this case's start. */
export async function timeStep(gpu: Gpu, options: StepOptions): Promise<StepResult> {
  const { architecture, work, batch } = options;
  await gpu.trim();
  const shape = architecture.inputShape;
  try {
    const { step, release } = subject(gpu, architecture, work, batch);
    const first = await once(step);
    await warmUp(step);
    const times = await repeated(step, options.repetitions);
    const { peakBytes } = gpu.memory();
    release();
    const seconds = median(times.map((time) => time.seconds));
    return {
      work,
      shape,
      batch,
      seconds,
      secondsPerImage: seconds / batch,
      hostSeconds: median(times.map((time) => time.host)),
      firstSeconds: Math.max(0, first.seconds - seconds),
      peakBytes,
      refused: null,
    };
  } catch (error) {
    if (!(error instanceof GpuError) || error.constructor !== GpuError) throw error;
    const nothing = {
      seconds: null,
      secondsPerImage: null,
      hostSeconds: null,
      firstSeconds: null,
      peakBytes: null,
    };
    return { work, shape, batch, ...nothing, refused: error.message };
  }
}

/** Seconds of steps before any is measured: a GPU that has been idle, as while kernels compile, raises its clock slowly. */
const WARM = 1;

/** Takes steps until the device has been busy for a while; on slow devices that is a single one. */
export async function warmUp(step: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  do await step();
  while (performance.now() - started < WARM * 1000);
}

const MEASURED = 0.5; // s at least, since the times of short steps scatter more

async function repeated(step: () => Promise<unknown>, repetitions: number) {
  const started = performance.now();
  const times = [];
  while (times.length < repetitions || performance.now() - started < MEASURED * 1000)
    times.push(await once(step));
  return times;
}

async function once(step: () => Promise<unknown>) {
  const started = performance.now();
  const result = step();
  const host = (performance.now() - started) / 1000;
  await result;
  return { host, seconds: (performance.now() - started) / 1000 };
}

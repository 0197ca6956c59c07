import { type Gpu, grid1d } from '../engine/gpu.ts';

/** What a device can do at most, as measured: the yardstick for every kernel. */
export interface MeasuredLimits {
  /** bytes read plus bytes written per second by a plain copy (kernels/probe_copy.wgsl) */
  readonly copyBytesPerSecond: number;
  /** float32 operations per second in independent multiply-adds, two operations each (kernels/probe_fma.wgsl) */
  readonly flopsPerSecond: number;
  /** the same in float16; null where the device has none */
  readonly halfFlopsPerSecond: number | null;
}

const LEAST = 0.05; // s; a shorter run would measure the submission, not the kernel
const RUNS = 5;

/** Measures the device's copy bandwidth and multiply-add rate: a second or two on any adapter. */
export async function measureLimits(gpu: Gpu): Promise<MeasuredLimits> {
  const copyBytesPerSecond = await copyRate(gpu);
  const flopsPerSecond = await multiplyAddRate(gpu, false);
  const halfFlopsPerSecond = gpu.device.features.has('shader-f16') ? await multiplyAddRate(gpu, true) : null;
  await gpu.trim();
  return { copyBytesPerSecond, flopsPerSecond, halfFlopsPerSecond };
}

/** Large against any cache, and within what the device can bind. */
function copyBytes({ maxStorageBufferBindingSize, maxBufferSize }: GPUSupportedLimits): number {
  const most = Math.min(256 * 2 ** 20, maxStorageBufferBindingSize, maxBufferSize);
  return most - (most % 16);
}

async function copyRate(gpu: Gpu): Promise<number> {
  const bytes = copyBytes(gpu.device.limits);
  const x = gpu.full([bytes / 4], 1, 'copied');
  const y = gpu.empty([bytes / 4], 'copy');
  const size = bytes / 16; // in vec4
  const seconds = await secondsPerUnit(gpu, (copies) => {
    for (let i = 0; i < copies; i++)
      gpu.run('probe_copy', { bindings: { x, y }, params: { size }, grid: grid1d(size, 256) });
  });
  x.release();
  y.release();
  return (2 * bytes) / seconds;
}

async function multiplyAddRate(gpu: Gpu, half: boolean): Promise<number> {
  const size = 2 ** 20; // threads: several waves on the largest GPUs
  const x = gpu.full([1], 0, 'factor'); // 0 keeps the values in range however many rounds there are
  const y = gpu.empty([4 * size], 'sums');
  const seconds = await secondsPerUnit(gpu, (rounds) =>
    gpu.run('probe_fma', {
      bindings: { x, y },
      params: { size, rounds },
      constants: { HALF: Number(half) },
      grid: grid1d(size, 64),
    }),
  );
  x.release();
  y.release();
  return (128 * size) / seconds;
}

/**
 * Seconds per unit of work: the median of several runs, each as many units as last 50 ms or more. The first, which
 * compiles, and those that find the number of units are not counted.
 */
async function secondsPerUnit(gpu: Gpu, record: (units: number) => void): Promise<number> {
  const time = async (units: number) => {
    const started = performance.now();
    record(units);
    await gpu.synchronize();
    return (performance.now() - started) / 1000;
  };
  await time(1);
  let units = 1;
  for (let last = await time(units); last < LEAST; last = await time(units)) {
    units = Math.ceil(units * Math.min(10, Math.max(1.5, (1.2 * LEAST) / last)));
  }
  const runs: number[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await time(units));
  return runs.sort((a, b) => a - b)[Math.floor(RUNS / 2)] / units;
}

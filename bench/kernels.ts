import type { Gpu } from '../engine/gpu.ts';
import type { DispatchRecord } from '../engine/profiler.ts';
import type { Architecture } from '../model/architecture.ts';
import type { MeasuredLimits } from './limits.ts';
import { median } from './median.ts';
import { warmUp } from './steps.ts';
import { subject, type Work } from './subject.ts';

/** Calls of one kernel at one shape within a step. */
export interface KernelResult {
  readonly work: Work;
  readonly kernel: string;
  /** variant and sizes, such as "POOL ci 16 co 8 d 61 h 73 w 61" */
  readonly shape: string;
  readonly calls: number;
  readonly seconds: number;
  /** of all kernels of the step */
  readonly share: number;
  readonly bytesPerSecond: number;
  readonly flopsPerSecond: number;
  /** of what the device could do at most by the limit that binds this kernel: memory or arithmetic */
  readonly limitShare: number;
  readonly boundBy: 'memory' | 'arithmetic';
}

const PROFILES = 5;
const LONG = 1; // s of a step beyond which one profile is steady enough

/**
 * Times every kernel of one step, after steps that compile, fill the pool and wake the device: the median of several
 * steps where they are short.
 */
export async function profileKernels(
  gpu: Gpu,
  architecture: Architecture,
  work: Work,
  limits: MeasuredLimits,
): Promise<KernelResult[]> {
  await gpu.trim();
  const { step, release } = subject(gpu, architecture, work, 1);
  await step();
  await warmUp(step);
  const profiles: DispatchRecord[][] = [];
  const started = performance.now();
  do profiles.push(await gpu.profile(async () => void (await step())));
  while (profiles.length < PROFILES && performance.now() - started < LONG * 1000);
  release();
  return kernelResults(work, medianRecords(profiles), limits);
}

/** Each call's median over profiles of the same step. */
function medianRecords(profiles: readonly DispatchRecord[][]): DispatchRecord[] {
  return profiles[0].map((record, i) => ({
    ...record,
    seconds: median(profiles.map((profile) => profile[i].seconds)),
  }));
}

/** Groups the records of a step by kernel and shape, the longest first. */
export function kernelResults(
  work: Work,
  records: readonly DispatchRecord[],
  limits: MeasuredLimits,
): KernelResult[] {
  const total = records.reduce((sum, { seconds }) => sum + seconds, 0);
  const groups = new Map<string, DispatchRecord[]>();
  for (const record of records) {
    const key = `${record.kernel} ${shapeOf(record)}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  const results = [...groups.values()].map((group): KernelResult => {
    const sum = (value: (record: DispatchRecord) => number) =>
      group.reduce((all, one) => all + value(one), 0);
    const seconds = sum((record) => record.seconds);
    const bytes = sum((record) => record.bytes);
    const operations = sum((record) => record.operations);
    const moving = bytes / limits.copyBytesPerSecond;
    const computing = operations / limits.flopsPerSecond;
    return {
      work,
      kernel: group[0].kernel,
      shape: shapeOf(group[0]),
      calls: group.length,
      seconds,
      share: seconds / total,
      bytesPerSecond: bytes / seconds,
      flopsPerSecond: operations / seconds,
      limitShare: Math.max(moving, computing) / seconds,
      boundBy: computing > moving ? 'arithmetic' : 'memory',
    };
  });
  return results.sort((a, b) => b.seconds - a.seconds);
}

const SIZES = [
  'n',
  'ci',
  'co',
  'inputs',
  'outputs',
  'features',
  'channels',
  'volumes',
  'd',
  'h',
  'w',
  'voxels',
  'spatial',
  'size',
];
const SWITCHES = ['UNPOOL', 'POOL', 'LEAKY', 'STRIDE', 'TRANSPOSED', 'SCALED', 'TRAINING', 'HALF'];

function shapeOf({ constants, params }: DispatchRecord): string {
  const on = SWITCHES.filter((name) => constants[name]).map((name) =>
    constants[name] === 1 ? name : `${name} ${constants[name]}`,
  );
  const sizes = SIZES.filter((name) => params[name] !== undefined && !(name === 'n' && params.n === 1));
  return [...on, ...sizes.map((name) => `${name} ${params[name]}`)].join(' ');
}

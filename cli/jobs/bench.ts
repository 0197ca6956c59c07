import { type KernelResult, profileKernels } from '../../bench/kernels.ts';
import { type MeasuredLimits, measureLimits } from '../../bench/limits.ts';
import type { PeerResult } from '../../bench/peer.ts';
import { hasPytorch, type PytorchOptions, pytorchPeer } from '../../bench/peers/pytorch.ts';
import { tfjsPeer } from '../../bench/peers/tfjs.ts';
import type { BenchReport } from '../../bench/report.ts';
import { type StepResult, timeStep } from '../../bench/steps.ts';
import type { Work } from '../../bench/subject.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import type { Architecture } from '../../model/architecture.ts';

/** Parts of a bench, in the order they run. */
export const sections = ['limits', 'kernels', 'steps', 'scaling', 'peers'] as const;
export type Section = (typeof sections)[number];

/** What a bench measures. */
export interface BenchOptions {
  readonly architecture: Architecture;
  readonly only: readonly Section[];
  readonly repetitions: number;
  readonly batches: Readonly<Record<Work, readonly number[]>>;
  /** image sizes of the scaling section */
  readonly sizes: readonly (readonly [number, number, number])[];
  /** a Python that has PyTorch; null leaves it out */
  readonly python: string | null;
  /** whether torch.compile is timed too, where there is CUDA */
  readonly compiled: boolean;
  /** a folder where TensorFlow.js is installed; null leaves it out */
  readonly tfjs: string | null;
}

/** How a bench gets a GPU, and how it is watched and stopped. */
export interface BenchHooks {
  /** Opens the GPU anew: each case has one of its own, so that its memory and compile time are its own. */
  readonly open: () => Promise<OpenGpu>;
  readonly signal: AbortSignal;
  readonly onCase: (what: string) => void;
}

/** Runs the sections asked for. After an abort the report holds what was measured until then. */
export async function runBench(options: BenchOptions, hooks: BenchHooks): Promise<BenchReport> {
  const { only, architecture, repetitions, batches } = options;
  const wants = (section: Section) => only.includes(section) && !hooks.signal.aborted;
  hooks.onCase("the device's limits");
  const limits = await withGpu(hooks, measureLimits);
  const kernels = wants('kernels') ? await benchKernels(options, hooks, limits) : [];
  const works = Object.keys(batches) as Work[];
  const cases = works.flatMap((work) =>
    batches[work].map((batch) => ({ architecture, work, batch, repetitions })),
  );
  const steps = wants('steps') ? await benchSteps(cases, hooks) : [];
  const scaled = options.sizes.flatMap((inputShape) =>
    (['mask step', 'training step'] as const).map((work) => ({
      architecture: { ...architecture, inputShape },
      work,
      batch: 1,
      repetitions,
    })),
  );
  const scaling = wants('scaling') ? await benchSteps(scaled, hooks) : [];
  const peers = wants('peers') ? await benchPeers(options, hooks) : [];
  return { limits, kernels, steps, scaling, peers };
}

/** PyTorch's time between two of ours: what else the machine does at the moment slows both. */
async function besidePytorch(one: Omit<PytorchOptions, 'cpu'>, hooks: BenchHooks): Promise<PeerResult[]> {
  hooks.onCase(`PyTorch: ${one.work}, batch ${one.batch}`);
  const ours = () => withGpu(hooks, (gpu) => timeStep(gpu, one));
  const before = await ours();
  const theirs = await pytorchPeer({ ...one, cpu: true }, hooks.signal);
  const after = await ours();
  if (before.seconds === null || after.seconds === null) return theirs;
  const ourSeconds = (before.seconds + after.seconds) / 2;
  const ourPeakBytes = after.peakBytes ?? 0;
  return theirs.map((peer) => ({ ...peer, ourSeconds, ourPeakBytes }));
}

async function withGpu<T>({ open }: BenchHooks, work: (gpu: OpenGpu['gpu']) => Promise<T>): Promise<T> {
  const { gpu } = await open();
  try {
    return await work(gpu);
  } finally {
    gpu.close();
  }
}

async function benchKernels({ architecture }: BenchOptions, hooks: BenchHooks, limits: MeasuredLimits) {
  const results: KernelResult[] = [];
  for (const work of ['mask step', 'training step'] as const) {
    if (hooks.signal.aborted) break;
    hooks.onCase(`kernels of a ${work}`);
    results.push(...(await withGpu(hooks, (gpu) => profileKernels(gpu, architecture, work, limits))));
  }
  return results;
}

async function benchSteps(cases: readonly Parameters<typeof timeStep>[1][], hooks: BenchHooks) {
  const results: StepResult[] = [];
  for (const one of cases) {
    if (hooks.signal.aborted) break;
    hooks.onCase(`${one.work}, ${one.architecture.inputShape.join(' x ')}, batch ${one.batch}`);
    results.push(await withGpu(hooks, (gpu) => timeStep(gpu, one)));
  }
  return results;
}

async function benchPeers(
  { python, compiled, tfjs, architecture, repetitions, batches }: BenchOptions,
  hooks: BenchHooks,
) {
  const results: PeerResult[] = [];
  const absent = { what: 'everything', shape: '', batch: 1, seconds: null };
  if (python !== null && !hasPytorch(python)) {
    results.push({ peer: 'PyTorch', ...absent, note: `not installed for ${python}; --python names another` });
  } else if (python !== null) {
    for (const work of ['mask step', 'training step', 'inference'] as const) {
      for (const batch of batches[work]) {
        if (hooks.signal.aborted) return results;
        results.push(
          ...(await besidePytorch({ python, architecture, work, batch, repetitions, compiled }, hooks)),
        );
      }
    }
  }
  if (tfjs === null) {
    results.push({ peer: 'TensorFlow.js', ...absent, note: '--tfjs names a folder where it is installed' });
  } else if (!hooks.signal.aborted) {
    hooks.onCase('TensorFlow.js');
    results.push(...(await withGpu(hooks, (gpu) => tfjsPeer(gpu, tfjs, repetitions))));
  }
  return results;
}

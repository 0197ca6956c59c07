import { expect, it } from 'vitest';
import { kernelResults, profileKernels } from '../../bench/kernels.ts';
import type { DispatchRecord } from '../../engine/profiler.ts';
import { testGpu } from '../engine/gpu.ts';

const limits = { copyBytesPerSecond: 10e9, flopsPerSecond: 100e9, halfFlopsPerSecond: null };

function record(kernel: string, seconds: number, bytes: number, operations: number): DispatchRecord {
  return {
    kernel,
    constants: { POOL: 1, RUN: 8 },
    params: { n: 1, ci: 2, slope: 0.01 },
    seconds,
    bytes,
    operations,
  };
}

it('groups calls by kernel and shape, the longest first, each against the limit that binds it', () => {
  const results = kernelResults(
    'mask step',
    [record('copy', 0.1, 0.5e9, 0), record('conv', 0.3, 0.1e9, 9e9), record('copy', 0.1, 0.5e9, 0)],
    limits,
  );
  expect(results.map(({ kernel, calls, shape, boundBy }) => ({ kernel, calls, shape, boundBy }))).toEqual([
    { kernel: 'conv', calls: 1, shape: 'POOL ci 2', boundBy: 'arithmetic' },
    { kernel: 'copy', calls: 2, shape: 'POOL ci 2', boundBy: 'memory' },
  ]);
  const [conv, copy] = results;
  expect(conv.share + copy.share).toBeCloseTo(1);
  expect(conv.limitShare).toBeCloseTo(0.09 / 0.3);
  expect(conv.flopsPerSecond).toBeCloseTo(30e9);
  expect(copy.seconds).toBeCloseTo(0.2);
  expect(copy.limitShare).toBeCloseTo(0.5);
  expect(copy.bytesPerSecond).toBeCloseTo(5e9);
});

it('profiles the kernels of a training step', async () => {
  const gpu = await testGpu();
  const architecture = {
    inputShape: [9, 11, 9],
    channels: [4, 8],
    subBlocks: [1, 1],
    reduction: 'maxpool',
    fcLayers: 1,
    dropout: 0.5,
    classes: ['CN', 'AD'],
  } as const;
  const results = await profileKernels(gpu, architecture, 'training step', limits);
  const names = results.map(({ kernel }) => kernel);
  for (const name of ['conv3d', 'batchnorm_pool', 'batchnorm_pool_input_grad', 'linear', 'adam'])
    expect(names).toContain(name);
  for (const { seconds, calls, limitShare } of results) {
    expect(seconds).toBeGreaterThan(0);
    expect(calls).toBeGreaterThan(0);
    expect(limitShare).toBeGreaterThan(0);
  }
});

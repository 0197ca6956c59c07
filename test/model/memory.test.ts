import { afterAll, expect, it } from 'vitest';
import { openGpu } from '../../engine/node/open.ts';
import type { Activations } from '../../engine/ops/convolved.ts';
import type { Architecture } from '../../model/architecture.ts';
import { trainingBytes } from '../../model/memory.ts';
import { Network } from '../../model/network.ts';
import { trainDefaults } from '../../model/train.ts';
import { startAdam, trainStep } from '../../model/train-step.ts';
import { initialWeights } from '../../model/weights.ts';

const opened = await openGpu(); // a device of its own, whose peak is these steps' alone
afterAll(() => opened.gpu.close());

const small = {
  inputShape: [31, 37, 31],
  reduction: 'maxpool',
  fcLayers: 1,
  dropout: 0.5,
  classes: ['CN', 'AD'],
} as const;

const byDevice = { ...opened.gpu.tuning };
/** How sums are cut on a GPU, on whichever device this is. */
const asOnGpus = { weightLanes: 1, productVoxels: 8192, tiles: 1, parallelGroups: 512 };

const networks: [string, Partial<Architecture>, number[], Activations?][] = [
  ['plain blocks', { channels: [8, 16, 32], subBlocks: [1, 1, 1] }, [4]],
  ['a smaller last batch', { channels: [8, 16, 32], subBlocks: [1, 1, 1] }, [4, 3]],
  ['three sub-blocks each', { channels: [4, 8], subBlocks: [3, 3] }, [2]],
  ['strides', { channels: [8, 16, 32], subBlocks: [1, 2, 1], reduction: 'stride' }, [4]],
  ['hidden layers', { channels: [8, 16, 32], subBlocks: [1, 1, 1], fcLayers: 3 }, [4]],
  ['volumes in half precision', { channels: [8, 16, 32], subBlocks: [1, 1, 1] }, [4], 'float16'],
  ['volumes computed again', { channels: [8, 16, 32], subBlocks: [1, 1, 1] }, [4], 'recomputed'],
];

it.each(
  networks.flatMap(([name, changes, batches, activations = 'float32']) =>
    (
      [
        ['by default', byDevice],
        ['as on GPUs', asOnGpus],
      ] as const
    ).map(([how, tuning]) => ({ how, name, changes, batches, activations, tuning })),
  ),
)(
  '$how, the estimate for $name lies between 0.9 and 1.4 of what steps take, and later ones take no more',
  async ({ changes, batches, activations, tuning }) => {
    const { gpu } = opened;
    Object.assign(gpu.tuning, tuning);
    const architecture = { ...small, ...changes } as Architecture;
    await gpu.trim();
    const network = new Network(gpu, architecture, initialWeights(architecture, 1));
    const adam = startAdam(network, trainDefaults);
    const step = async (batch: number, step: number) => {
      const sessions = Array.from({ length: batch }, (_, i) => ({
        participantId: `sub-${i}`,
        sessionId: 'ses-M00',
        diagnosis: i % 2 === 0 ? 'CN' : 'AD',
        path: '',
      }));
      const voxels = small.inputShape.reduce((product, size) => product * size, 1);
      const values = Float32Array.from({ length: batch * voxels }, (_, i) => (i % 7) / 7);
      const x = gpu.tensor([batch, 1, ...small.inputShape], values, 'images');
      await trainStep(
        { network, options: { ...trainDefaults, activations } },
        adam,
        sessions as never,
        x,
        step,
      );
    };
    for (const [i, batch] of batches.entries()) await step(batch, i);
    const { allocations, peakBytes } = gpu.memory();
    for (const [i, batch] of batches.entries()) await step(batch, i);
    expect(gpu.memory()).toMatchObject({ allocations, peakBytes });
    const share =
      trainingBytes(architecture, batches, gpu.largestTensor, gpu.tuning, activations) / peakBytes;
    adam.release();
    network.release();
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(1.4);
  },
);

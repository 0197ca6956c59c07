import type { MaskStepOptions } from '../engine/ops/mask-step.ts';
import { coarseShape } from '../engine/ops/trilinear.ts';
import type { ObjectiveOptions } from './objective.ts';

/** Weight of an area by default (docs/method.md, a fixed area): a session's variation weighs a hundred times more. */
export const areaWeights = { group: 1, session: 10 } as const;

/** How a mask [x, y, z] of this objective is moved. */
export function moverOptions(
  { maskGrid: spacing, perturbation: _1, score: _2, ...options }: ObjectiveOptions,
  shape: readonly number[],
  learningRate: number,
): MaskStepOptions {
  return { ...options, ...(spacing && { grid: { spacing, shape } }), adam: { learningRate } };
}

/** Shape of the values that Adam moves: one per voxel of a mask [x, y, z], or those of its coarser grid. */
export function valuesShape({ maskGrid }: ObjectiveOptions, shape: readonly number[]): readonly number[] {
  return maskGrid ? coarseShape(shape, maskGrid) : shape;
}

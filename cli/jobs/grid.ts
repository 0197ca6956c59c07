import path from 'node:path';
import type { Atlas } from '../../cohort/atlas.ts';
import { readVolume } from '../../cohort/nifti.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { untouchedLoss } from '../../masking/divergence.ts';
import { type GridLine, type GridPoint, type GridStage, gridLines, gridPoints } from '../../masking/grid.ts';
import type { MaskState } from '../../masking/mask-state.ts';
import type { ObjectiveOptions } from '../../masking/objective.ts';
import { regionUse } from '../../masking/regions.ts';
import { type RegionMeasure, roiSimilarity } from '../../masking/similarity.ts';
import { Network } from '../../model/network.ts';
import { writeSidecar } from '../sidecar.ts';
import { type GridPaths, gridPaths, type PointResult, writeGrid } from './grid-files.ts';
import { makePoint, requirePoint } from './grid-point.ts';
import type { MaskGroupHooks, MaskGroupOptions } from './mask-group.ts';
import { type MaskInputs, readMaskInputs, refuseKnownImages } from './mask-inputs.ts';
import { openOutput, pathsIn } from './output.ts';

export interface GridOptions extends Omit<MaskGroupOptions, 'atlas'> {
  readonly stages: readonly GridStage[];
  /** masks are compared over its regions */
  readonly atlas: { readonly image: string; readonly labels: string };
  readonly measure: RegionMeasure;
}

export interface GridHooks extends Pick<MaskGroupHooks, 'signal' | 'onStep' | 'onEpoch'> {
  readonly open: () => Promise<OpenGpu>;
  /** Called before each mask. */
  readonly onPoint?: (point: GridPoint, done: number, of: number) => void;
}

/** How alike the masks along one option are: the paper's tables 2 and 3. */
export interface LineSimilarity extends Omit<GridLine, 'points'> {
  readonly values: readonly number[];
  /** of each value's mask: whether it may be believed */
  readonly states: readonly MaskState[];
  /** of every pair; null where a mask is empty */
  readonly similarity: readonly (readonly (number | null)[])[];
}

export interface GridResult {
  readonly points: readonly PointResult[];
  readonly lines: readonly LineSimilarity[];
  readonly paths: GridPaths;
}

/**
 * A grid of group masks (paper, sections 2.3.2 and 3.1): one for every combination of the stages' values, each in a folder of
 * its own, then how alike they are along each option, and what they look like. Masks that are finished are not made again; one
 * whose training diverges is made with a tenth of the learning rate.
 *
 * @throws InputError as `maskGroup` and `makePoint` do. After an abort the masks so far stay, and the same call goes on.
 */
export async function maskGrid(options: GridOptions, hooks: GridHooks): Promise<GridResult | null> {
  const startedAt = new Date();
  const { stages, measure, atlas: sources, ...common } = options;
  const points = stages.flatMap(gridPoints);
  const output = openOutput(options.out, { by: 'grid', overwrite: options.overwrite });
  try {
    const inputs = readMaskInputs({ ...common, atlas: sources });
    await refuseKnownImages(common, inputs);
    const place = (point: GridPoint) => path.join(options.out, point.stage, point.name);
    const lines = stages.flatMap(gridLines);
    const { out, overwrite } = options;
    output.require(pathsIn(gridPaths(out, stages, lines)));
    for (const point of points) requirePoint(place(point), output, inputs, overwrite);
    output.requireRemovable({ direct: true });
    let opened: Promise<OpenGpu> | undefined;
    const open = () => (opened ??= hooks.open());
    let ones: Promise<number> | undefined;
    const untouched = () => (ones ??= open().then(({ gpu }) => lossOfOnes(gpu, inputs, options.objective)));
    const made: PointResult[] = [];
    for (const [i, point] of points.entries()) {
      hooks.onPoint?.(point, i, points.length);
      const objective = { ...options.objective, ...point.objective };
      const { onStep, onEpoch, signal } = hooks;
      const watch = { ...(onStep && { onStep }), ...(onEpoch && { onEpoch }), ...(signal && { signal }) };
      const one = await makePoint(
        { ...common, atlas: sources, objective, out: place(point) },
        { ...watch, open, inputs, untouched },
      );
      if (one.result.interrupted) return null;
      made.push({ point, ...one });
    }
    const masks = new Map(
      made.map(({ point, result }) => [
        point.stage + point.name,
        readVolume(result.paths.thresholded).data, // region metrics use the thresholded mask (docs/method.md)
      ]),
    );
    const of = (point: GridPoint) => masks.get(point.stage + point.name)!;
    const states = new Map(made.map(({ point, result }) => [point.stage + point.name, result.state]));
    const stateOf = (point: GridPoint) => states.get(point.stage + point.name)!;
    const alike = lines.map((line) => similarities(line, inputs.atlas!, measure, of, stateOf));
    const { grid } = inputs.images;
    const background = await inputs.images.mean(inputs.select);
    output.removeAll({ direct: true }); // of other stages; masks stay, for whoever asks for them again
    const paths = writeGrid(options.out, {
      stages,
      made,
      objective: options.objective,
      lines: alike,
      maskOf: of,
      grid,
      background,
    });
    const used = await opened; // none where every mask was there
    writeSidecar(options.out, 'grid', {
      command: 'grid',
      options: { ...options },
      seed: options.group.seed,
      adapter: used?.report,
      startedAt,
      finishedAt: new Date(),
      ...(used && { peakBytes: used.gpu.memory().peakBytes }),
      results: {
        lines: alike,
        fellBack: made
          .filter(({ fellBack }) => fellBack !== null)
          .map(({ point, learningRate, fellBack, diverged }) => ({
            stage: point.stage,
            mask: point.name,
            learningRate,
            because: fellBack,
            diverged,
          })),
      },
    });
    return { points: made, lines: alike, paths };
  } finally {
    output.close();
  }
}

/** The loss that every mask of the grid starts from, over the images to select on. */
async function lossOfOnes(
  gpu: OpenGpu['gpu'],
  { model, images, select, classIndex }: MaskInputs,
  objective: ObjectiveOptions,
): Promise<number> {
  const network = new Network(gpu, model.architecture, model.weights);
  try {
    return await untouchedLoss(network, images, select, classIndex, objective);
  } finally {
    network.release();
  }
}

function similarities(
  { points, ...line }: GridLine,
  atlas: Atlas,
  measure: RegionMeasure,
  of: (point: GridPoint) => Float32Array,
  stateOf: (point: GridPoint) => MaskState,
): LineSimilarity {
  const uses = points.map((point) => regionUse(of(point), atlas));
  return {
    ...line,
    values: points.map(({ values }) => values[line.axis]!),
    states: points.map(stateOf),
    similarity: uses.map((one) => uses.map((other) => roiSimilarity(one, other, measure))),
  };
}

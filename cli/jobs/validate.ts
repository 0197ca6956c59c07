import type { Atlas } from '../../cohort/atlas.ts';
import { InputError } from '../../cohort/error.ts';
import { sessionName } from '../../cohort/session.ts';
import { plantedVoxels, readPlanted } from '../../cohort/truth.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { correctlyClassified } from '../../masking/correct.ts';
import { touchedShare } from '../../masking/effect.ts';
import { type DeletionRun, deletionCurve } from '../../masking/validation/deletion.ts';
import { brainOf, randomRegions, removalOrder, tieBreaks } from '../../masking/validation/order.ts';
import { overlap } from '../../masking/validation/overlap.ts';
import { Network } from '../../model/network.ts';
import { writeSidecar } from '../sidecar.ts';
import { type MaskSources, readMaskInputs, refuseKnownImages } from './mask-inputs.ts';
import { placeOneMu } from './mask-mu.ts';
import { openOutput, pathsIn } from './output.ts';
import {
  type Measured,
  type ValidatePaths,
  validateMarker,
  validatePaths,
  writeValidateFiles,
} from './validate-files.ts';
import { readMaps } from './validate-inputs.ts';

export interface ValidateOptions extends Omit<MaskSources, 'fitOn'> {
  /** files or folders of masks, or NAME=PLACE */
  readonly maps: readonly string[];
  /** a simulated cohort's truth.json; needs the atlas */
  readonly truth: string | null;
  /** what is deleted, in percent of the brain's voxels, rising */
  readonly shares: readonly number[];
  readonly seed: number;
  readonly out: string;
  readonly overwrite: boolean;
}

export interface ValidateHooks {
  /** Opens the GPU; called once the inputs are known to be sound. Whoever opened it closes it. */
  readonly open: () => Promise<OpenGpu>;
  readonly signal?: AbortSignal;
  /** @param total curves' points there are */
  readonly onPoint?: (done: number, total: number) => void;
}

export interface ValidateResult {
  readonly className: string;
  /** images deleted from, and of how many candidates */
  readonly images: { readonly used: number; readonly of: number };
  readonly brainVoxels: number;
  readonly shares: readonly number[];
  readonly measured: readonly Measured[];
  readonly paths: ValidatePaths;
}

/**
 * Maps of one network side by side: how well they agree with the planted truth, and how the class's probability falls as the
 * voxels that they put first are replaced by mu, against random voxels, random regions and the truth's voxels.
 *
 * @throws InputError for inputs that are missing or do not fit together; before a GPU is opened where it can be known
 */
export async function validate(options: ValidateOptions, hooks: ValidateHooks): Promise<ValidateResult> {
  const startedAt = new Date();
  const inputs = readMaskInputs({ ...options, fitOn: 'train' });
  await refuseKnownImages(options, inputs);
  const { images, className, classIndex, atlas } = inputs;
  const maps = readMaps(options.maps, images.grid);
  const truth = options.truth === null ? null : truthOf(options.truth, atlas);
  const output = openOutput(options.out, { by: 'validate', overwrite: options.overwrite });
  try {
    output.require(pathsIn(validatePaths(options.out)), validateMarker);
    output.requireRemovable();
    const { gpu, report } = await hooks.open();
    const network = new Network(gpu, inputs.model.architecture, inputs.model.weights);
    const mu = await placeOneMu(gpu, inputs.mu, images, hooks.signal);
    try {
      const correct = await correctlyClassified(network, images, inputs.select, classIndex, () =>
        hooks.signal?.throwIfAborted(),
      );
      const sessions = inputs.select.filter((session) => correct.has(session));
      if (sessions.length === 0) {
        throw new InputError(
          options.cohort,
          `none of its ${inputs.select.length} ${className} images is classified correctly by the network`,
          'Train the network longer, or give more images of that class',
        );
      }
      const background = await images.mean(sessions, hooks.signal);
      const brain = brainOf(background);
      const ties = tieBreaks(background.length, options.seed);
      const orders = [
        ...maps.map(({ name, mask, state }) => ({ name, mask, state, values: mask.map((m) => 1 - m) })),
        ...(truth ? [{ name: 'planted', mask: null, state: null, values: Float32Array.from(truth) }] : []),
        ...(atlas
          ? [
              {
                name: 'random regions',
                mask: null,
                state: null,
                values: randomRegions(atlas.labels, options.seed),
              },
            ]
          : []),
        { name: 'random voxels', mask: null, state: null, values: new Float32Array(background.length) },
      ];
      let points = 0;
      const brainVoxels = brain.reduce((sum, inside) => sum + inside, 0);
      const run: DeletionRun = {
        network,
        images,
        sessions,
        classIndex,
        mu,
        shares: options.shares,
        brainVoxels,
        ...(hooks.signal && { signal: hooks.signal }),
        onShare: () => hooks.onPoint?.(++points, orders.length * options.shares.length),
      };
      const measured: Measured[] = [];
      for (const { name, mask, state, values } of orders) {
        measured.push({
          name,
          given: mask !== null,
          curve: await deletionCurve(run, removalOrder(values, brain, ties)),
          touchedShare: mask && touchedShare(mask),
          state,
          overlap: mask && truth && overlap(mask, truth),
        });
      }
      const content = { className, grid: images.grid, background, shares: options.shares, measured };
      output.removeAll();
      const paths = writeValidateFiles(options.out, { ...content, masks: maps, truth });
      const found = {
        className,
        images: { used: sessions.length, of: inputs.select.length },
        brainVoxels,
        shares: options.shares,
        measured,
      };
      writeSidecar(options.out, 'validate', {
        command: 'validate',
        options: { ...options, className, maps: maps.map(({ name, path }) => ({ name, path })) },
        seed: options.seed,
        adapter: report,
        startedAt,
        finishedAt: new Date(),
        peakBytes: gpu.memory().peakBytes,
        results: {
          ...found,
          sessions: sessions.map(sessionName),
        },
      });
      return { ...found, paths };
    } finally {
      network.release();
      mu.release();
    }
  } finally {
    output.close();
  }
}

function truthOf(file: string, atlas: Atlas | null): Uint8Array {
  const names = readPlanted(file);
  if (atlas) return plantedVoxels(atlas, names);
  throw new InputError(
    file,
    'names regions, but there is no atlas to find them in',
    'Give --atlas and --labels',
  );
}

import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { readVolume } from '../../cohort/nifti.ts';
import type { OutputFolder } from '../../cohort/output/folder.ts';
import type { Session } from '../../cohort/session.ts';
import { spacingOf } from '../../cohort/volume.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import type { ScoreKind } from '../../engine/ops/class-score.ts';
import { blockOf } from '../../masking/attribution/grad-cam.ts';
import { type AttributionOptions, attribution, type Method } from '../../masking/attribution/index.ts';
import type { Completeness } from '../../masking/attribution/integrated.ts';
import { asMask } from '../../masking/attribution/scaled.ts';
import { correctlyClassified } from '../../masking/correct.ts';
import { type RegionUse, regionUse, topRegions } from '../../masking/regions.ts';
import { Network } from '../../model/network.ts';
import { writeSidecar } from '../sidecar.ts';
import { type ExplainPaths, explainMarker, explainPaths, writeExplainFiles } from './explain-files.ts';
import { type ExplainSources, readExplainInputs } from './explain-inputs.ts';
import { type MaskInputs, refuseKnownImages } from './mask-inputs.ts';
import { oneMu } from './mask-mu.ts';
import { openOutput, pathsIn } from './output.ts';

export interface ExplainOptions {
  readonly sources: ExplainSources;
  readonly methods: readonly Method[];
  readonly score: ScoreKind;
  /** cube and stride are in mm here */
  readonly attribution: Omit<AttributionOptions, 'cube' | 'stride'> & {
    readonly cube: number;
    readonly stride: number;
  };
  /** folder for the results: each method gets one of its own in it */
  readonly out: string;
  readonly overwrite: boolean;
}

export interface ExplainHooks {
  /** Opens the GPU; called once the inputs are known to be sound. Whoever opened it closes it. */
  readonly open: () => Promise<OpenGpu>;
  readonly signal?: AbortSignal;
  /** @param done images, and parts of one, so far */
  readonly onImage?: (method: Method, done: number, total: number) => void;
}

/** What came of one method. */
export interface ExplainResult {
  readonly method: Method;
  readonly className: string;
  /** images averaged over, and of how many candidates */
  readonly images: { readonly used: number; readonly of: number };
  /** of integrated gradients, mean over the images; the largest error is that of the worst image */
  readonly completeness: (Completeness & { readonly largestError: number }) | null;
  /** highest density first; null without an atlas */
  readonly regions: readonly RegionUse[] | null;
  readonly paths: ExplainPaths;
}

/**
 * Attribution maps of a network's decision by other methods than a mask, each in a folder of its own: of a single image, or
 * the mean over those images of the class that a group mask would be fitted on, correctly classified ones.
 *
 * @throws InputError for inputs that are missing or do not fit together, when no image of the class is classified
 *   correctly, or when a folder holds a map; what can be known without a GPU is refused before one is opened
 */
export async function explain(options: ExplainOptions, hooks: ExplainHooks): Promise<ExplainResult[]> {
  const inputs = readExplainInputs(options.sources);
  if (!('image' in options.sources)) await refuseKnownImages(options.sources, inputs);
  if (options.methods.includes('grad-cam')) blockOf(inputs.model.architecture, options.attribution);
  const place = (method: Method) => path.join(options.out, method);
  const outputs = new Map<Method, OutputFolder>();
  // Methods may be asked for by several processes; each method's own folder is locked.
  const whole = openOutput(options.out, { by: 'explain', overwrite: options.overwrite, shared: true });
  try {
    for (const method of options.methods) {
      const output = openOutput(place(method), { by: 'explain', overwrite: options.overwrite });
      outputs.set(method, output);
      output.require(pathsIn(explainPaths(place(method), inputs.atlas !== null)), explainMarker);
      output.requireRemovable();
    }
    const { gpu, report } = await hooks.open();
    const network = new Network(gpu, inputs.model.architecture, inputs.model.weights);
    try {
      const sessions = await explained(network, inputs, options.sources, hooks.signal);
      const background = await inputs.images.mean(sessions, hooks.signal);
      const { storage } = readVolume(sessions[0].path);
      const results: ExplainResult[] = [];
      for (const method of options.methods) {
        const startedAt = new Date();
        const { map, completeness } = await meanMap(network, inputs, sessions, method, options, hooks);
        const mask = asMask(map);
        const regions =
          inputs.atlas && topRegions(regionUse(mask, inputs.atlas), inputs.atlas.regions.length);
        const { className, images } = inputs;
        const content = { method, className, grid: images.grid, storage, attribution: map, mask, background };
        outputs.get(method)?.removeAll();
        const paths = writeExplainFiles(place(method), { ...content, regions });
        const found = { className, images: { used: sessions.length, of: inputs.fit.length }, completeness };
        writeSidecar(place(method), 'explain', {
          command: 'explain',
          options: { ...options, method, className },
          seed: options.attribution.seed,
          adapter: report,
          startedAt,
          finishedAt: new Date(),
          peakBytes: gpu.memory().peakBytes,
          results: {
            ...found,
            explained: sessions.map(({ participantId, sessionId }) => `${participantId} ${sessionId}`.trim()),
            largest: map.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
            notNumbers: Object.fromEntries(images.notNumbers),
          },
        });
        results.push({ method, ...found, regions, paths });
      }
      return results;
    } finally {
      network.release();
    }
  } finally {
    for (const output of [...outputs.values(), whole]) output.close();
  }
}

/** The images that count. @throws InputError when there are none */
async function explained(
  network: Network,
  { images, fit, classIndex, className }: MaskInputs,
  sources: ExplainSources,
  signal: AbortSignal | undefined,
): Promise<readonly Session[]> {
  if ('image' in sources) return fit;
  const correct = await correctlyClassified(network, images, fit, classIndex, () => signal?.throwIfAborted());
  if (correct.size > 0) return fit.filter((session) => correct.has(session));
  throw new InputError(
    sources.cohort,
    `none of its ${fit.length} ${className} images is classified correctly by the network, so there is none to explain`,
    'Train the network longer, or give more images of that class',
  );
}

/** A method's map, mean over the images. */
async function meanMap(
  network: Network,
  { images, classIndex, ...inputs }: MaskInputs,
  sessions: readonly Session[],
  method: Method,
  { score, attribution: given }: ExplainOptions,
  { signal, onImage }: ExplainHooks,
) {
  const inVoxels = (mm: number) =>
    spacingOf(images.grid).map((size) => Math.max(1, Math.round(mm / size))) as [number, number, number];
  const options = { ...given, cube: inVoxels(given.cube), stride: inVoxels(given.stride) };
  const sums = new Float64Array(images.grid.shape.reduce((product, size) => product * size, 1));
  const complete: Completeness[] = [];
  const mu = await oneMu(inputs.mu, images, signal);
  images.announce(sessions);
  for (const [i, session] of sessions.entries()) {
    const image = await images.load(session);
    const found = await attribution(
      method,
      { network, classIndex, score, mu },
      image,
      options,
      i,
      (share) => {
        signal?.throwIfAborted();
        onImage?.(method, i + share, sessions.length);
      },
    );
    signal?.throwIfAborted();
    refuseNoNumber(found.map, method, session);
    if (found.completeness) complete.push(found.completeness);
    for (let u = 0; u < sums.length; u++) sums[u] += found.map[u];
    onImage?.(method, i + 1, sessions.length);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    map: Float32Array.from(sums, (sum) => sum / sessions.length),
    completeness:
      complete.length > 0
        ? {
            sum: mean(complete.map(({ sum }) => sum)),
            difference: mean(complete.map(({ difference }) => difference)),
            largestError: Math.max(...complete.map(({ sum, difference }) => Math.abs(sum - difference))),
          }
        : null,
  };
}

/** @throws InputError when a value is no number */
function refuseNoNumber(map: Float32Array, method: Method, { path: image }: Session): void {
  if (map.every(Number.isFinite)) return;
  throw new InputError(
    image,
    `the ${method} map holds values that are no number`,
    'Check the image and the network',
  );
}

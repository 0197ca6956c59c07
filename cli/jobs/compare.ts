import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';
import { compareSessionIds } from '../../cohort/session.ts';
import type { Grid } from '../../cohort/volume.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { type Compared, type MaskedProbabilities, meanProbability } from '../../masking/comparison.ts';
import { type ComparisonSummary, summarise } from '../../masking/comparison-summary.ts';
import { type MaskState, marksOf } from '../../masking/mask-state.ts';
import { type ProbedNetwork, probe } from '../../masking/prob-cnn.ts';
import { type RegionUse, regionUse } from '../../masking/regions.ts';
import { type RegionMeasure, roiSimilarity } from '../../masking/similarity.ts';
import { countTop, type RegionCount } from '../../masking/top-regions.ts';
import { ImageStore } from '../../model/images.ts';
import { Network } from '../../model/network.ts';
import { writeSidecar } from '../sidecar.ts';
import { type ComparePaths, compareMarker, comparePaths, writeComparison } from './compare-files.ts';
import { type NetworkChoice, type NetworkGroup, networkGroups, unknownNetworks } from './compare-networks.ts';
import { CompareProgress } from './compare-progress.ts';
import { stateOf } from './mask-origin.ts';
import { findMasks, type MaskEntry } from './mask-sets.ts';
import {
  type AtlasChoice,
  commonGrid,
  eachMask,
  type MaskReading,
  maskAtlas,
  readMask,
} from './mask-volumes.ts';
import { openOutput, pathsIn } from './output.ts';

export interface CompareOptions extends MaskReading, NetworkChoice {
  /** files, folders or tables of masks */
  readonly masks: readonly string[];
  readonly atlas: AtlasChoice;
  readonly measure: RegionMeasure;
  /** regions listed of each mask */
  readonly top: number;
  /** null: where the network and the images of every mask are known */
  readonly probCnn: boolean | null;
  /** of the bootstrap's draws */
  readonly seed: number;
  readonly out: string;
  readonly overwrite: boolean;
}

export interface CompareHooks {
  readonly open: () => Promise<OpenGpu>;
  readonly signal?: AbortSignal;
  /** called as masks have been shown to networks */
  readonly onProbed?: (done: number, of: number) => void;
}

/** A mask of the comparison. */
export interface ComparedMask extends Compared {
  readonly name: string;
  readonly file: string;
  /** whether it may be believed */
  readonly state: MaskState;
  /** densest first */
  readonly top: readonly { readonly name: string; readonly density: number }[];
}

export interface CompareResult {
  readonly masks: readonly ComparedMask[];
  /** by place of two masks; null where one is empty */
  readonly similarity: readonly (readonly (number | null)[])[];
  /** row: network and images; column: mask; null where it was not computed */
  readonly probCnn: readonly (readonly number[])[] | null;
  /** why probCNN was not computed */
  readonly withoutProbCnn: readonly string[];
  readonly regionCounts: readonly RegionCount[];
  readonly structureCounts: readonly RegionCount[];
  readonly summaries: readonly ComparisonSummary[];
  readonly mended: readonly string[];
  readonly paths: ComparePaths;
}

/**
 * Compares masks (paper, sections 2.4 and 3): ROI similarity and probCNN of all pairs, their top regions, and summaries over
 * sessions, participants, folds, runs and cohorts.
 *
 * After an abort, what networks have said so far stays, and the same call goes on.
 *
 * @throws InputError for masks, an atlas, networks or images that are missing or do not fit together
 */
export async function compareMasks(options: CompareOptions, hooks: CompareHooks): Promise<CompareResult> {
  const startedAt = new Date();
  const entries = findMasks(options.masks);
  if (entries.length < 2)
    throw new InputError(options.masks.join(', '), 'is a single mask', 'Give two masks or more');
  const files = entries.map(({ file }) => file);
  const grid = commonGrid(files);
  const atlas = maskAtlas(options.atlas, grid);
  const unknown = options.probCnn === false ? [] : unknownNetworks(entries, options);
  if (options.probCnn === true && unknown.length > 0) {
    throw new InputError(
      'probCNN',
      `cannot be computed:${listed(unknown, '\n  ')}\n `,
      'Give --model and --images, or a table of masks with the columns model and cohort',
    );
  }
  const groups =
    options.probCnn === false || unknown.length > 0 ? null : networkGroups(entries, options, grid);
  for (const { model, members } of groups ?? []) {
    const sessions = new Set(members.flatMap((member) => member.sessions));
    new ImageStore(grid, { intensity: model.intensity }).expect([...sessions]);
  }
  const output = openOutput(options.out, { by: 'compare', overwrite: options.overwrite });
  try {
    output.require(pathsIn(comparePaths(options.out, groups !== null)), compareMarker);
    output.requireRemovable();
    const uses: RegionUse[][] = [];
    const states: MaskState[] = [];
    eachMask(files, options, (mask, i) => {
      uses.push(regionUse(mask, atlas));
      states.push(stateOf(entries[i].with, mask));
    });
    const similarity = uses.map((a) => uses.map((b) => roiSimilarity(a, b, options.measure)));
    const progress = groups && new CompareProgress(output, files, groups, options);
    const cells = progress && (await probeAll(groups, files, grid, options, hooks, progress));
    const top = countTop(uses, options.top);
    const compared = comparedOf(entries, options);
    const masks = compared.map((one, i) => ({
      ...one,
      name: entries[i].name,
      file: files[i],
      state: states[i],
      top: top.top[i].map(({ region, density }) => ({ name: region.name, density })),
    }));
    const summaries = summarise(
      { masks, similarity, probCnn: cells, doubtful: states.map((state) => marksOf(state).length > 0) },
      options.seed,
    );
    const content = {
      masks,
      measure: options.measure,
      similarity,
      probCnn: cells?.map((row) => row.map(meanProbability)) ?? null,
      regionCounts: top.regions,
      structureCounts: top.structures,
      summaries,
    };
    output.removeAll();
    const paths = writeComparison(options.out, content);
    progress?.remove();
    const opened = groups && (await hooks.open());
    writeSidecar(options.out, 'compare', {
      command: 'compare',
      options: { ...options },
      seed: options.seed,
      adapter: opened?.report,
      startedAt,
      finishedAt: new Date(),
      ...(opened && { peakBytes: opened.gpu.memory().peakBytes }),
      results: {
        summaries,
        states: masks.map(({ name, state }) => ({ name, ...state })),
        withoutProbCnn: unknown,
        mended: atlas.mended ?? [],
      },
    });
    return { ...content, withoutProbCnn: unknown, mended: atlas.mended ?? [], paths };
  } finally {
    output.close();
  }
}

/** Every network on its images under every mask. */
async function probeAll(
  groups: readonly NetworkGroup[],
  files: readonly string[],
  grid: Grid,
  reading: MaskReading,
  { open, signal, onProbed }: CompareHooks,
  progress: CompareProgress,
): Promise<MaskedProbabilities[][]> {
  const { gpu } = await open();
  const cells: MaskedProbabilities[][] = files.map(() => []);
  const total = groups.length * files.length;
  let done = 0;
  for (const [place, { model, classIndex, mu, members }] of groups.entries()) {
    const network = new Network(gpu, model.architecture, model.weights);
    const placed = placedMu(gpu, mu, grid);
    const images = new ImageStore(grid, { intensity: model.intensity });
    const lists = members.map(({ sessions }) => sessions);
    try {
      for (const [b, file] of files.entries()) {
        signal?.throwIfAborted();
        const known = progress.of(place, b);
        const asked = { network, images, classIndex, mu: placed, lists, ...(signal && { signal }) };
        const ask = () => probe(asked, readMask(file, reading));
        const probed = known ?? (await ask());
        if (!known) progress.add(place, b, probed);
        members.forEach((member, i) => {
          cells[member.place][b] = probed[i];
        });
        onProbed?.(++done, total);
      }
    } finally {
      network.release();
      if (typeof placed !== 'function') placed.release();
    }
  }
  return cells;
}

/** mu on the GPU, released by the caller; or what gives each session its own. */
function placedMu(gpu: OpenGpu['gpu'], mu: NetworkGroup['mu'], grid: Grid): ProbedNetwork['mu'] {
  if (typeof mu === 'number') return gpu.full([1], mu, 'mu');
  if (mu instanceof Float32Array) return gpu.tensor(grid.shape, mu, 'mu');
  const volumes = new ImageStore(grid);
  return (session) => volumes.load({ ...session, path: mu.get(session.path)! });
}

function comparedOf(entries: readonly MaskEntry[], choice: NetworkChoice): Compared[] {
  const known = entries.map(({ participantId, sessionId, fold, run, cohort, with: made }) => {
    const model = choice.model ?? made.model;
    return { participantId, sessionId, fold, run, cohort, model: model && path.resolve(model) };
  });
  return known.map((one) => {
    const siblings = known.filter((other) =>
      (['participantId', 'fold', 'run', 'cohort', 'model'] as const).every(
        (trait) => other[trait] === one[trait],
      ),
    );
    const first = siblings.every(
      ({ sessionId }) => compareSessionIds(one.sessionId ?? '', sessionId ?? '') <= 0,
    );
    return { ...one, baseline: one.participantId !== null && first };
  });
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { removeFile } from '../../cohort/files.ts';
import type { OutputFolder } from '../../cohort/output/folder.ts';
import { maskedProbabilities } from '../../masking/effect.ts';
import { regionUse } from '../../masking/regions.ts';
import { caution, type Verdict, verdictOn, type Yardstick } from '../../masking/sanity.ts';
import { roiSimilarity } from '../../masking/similarity.ts';
import { readModel } from '../../model/model-file.ts';
import { modelFile } from '../../model/model-folder.ts';
import { Network } from '../../model/network.ts';
import { writeSidecar } from '../sidecar.ts';
import { groupMaskFiles, kindOf, type MaskGroupHooks, type MaskGroupOptions } from './mask-group.ts';
import { type MaskInputs, readMaskInputs } from './mask-inputs.ts';
import { placeOneMu } from './mask-mu.ts';
import { openOutput, pathsIn, requirePart } from './output.ts';
import { sanityPaths, writeSanityFiles } from './sanity-files.ts';
import { maskOf, partFile, type SanityMask } from './sanity-masks.ts';
import {
  besideModel,
  type Knowledge,
  knowledgeOf,
  randomFiles,
  randomNetwork,
  shuffledNetwork,
  trainingOf,
} from './sanity-networks.ts';
import type { TrainHooks } from './train.ts';
import { requireTraining } from './train-files.ts';

export interface SanityOptions extends Omit<MaskGroupOptions, 'atlas' | 'everyImage'> {
  /** masks are compared over its regions */
  readonly atlas: { readonly image: string; readonly labels: string };
  /** a network that was never trained; null makes one */
  readonly random: string | null;
  /** a network trained on shuffled labels; null trains one */
  readonly shuffled: string | null;
}

export interface SanityHooks extends Pick<MaskGroupHooks, 'open' | 'signal'> {
  /** Called before each part. */
  readonly onPart?: (what: string, done: number, of: number) => void;
  readonly training?: Omit<TrainHooks, 'open' | 'signal'>;
  readonly onStep?: MaskGroupHooks['onStep'];
}

/** A network of the report. */
export interface SanityNetwork extends Knowledge {
  readonly name: string;
  readonly model: string;
}

export interface SanityResult {
  readonly className: string;
  readonly networks: readonly SanityNetwork[];
  readonly masks: readonly Omit<SanityMask, 'mask'>[];
  /** ROI similarity of every pair of masks; null where one is empty */
  readonly similarity: readonly (readonly (number | null)[])[];
  /** mean probability of the class by network: without a mask, then under each mask */
  readonly probabilities: readonly (readonly number[])[];
  readonly verdicts: readonly Verdict[];
  /** what is wrong with the yardstick; null for nothing */
  readonly caution: string | null;
  readonly paths: { readonly [name: string]: string };
}

/** Marks a folder that holds a finished report; it is written last. */
export const sanityMarker = 'sanity.json';

/**
 * Do masks depend on what a network learned? Group masks of the trained network (two seeds), of one that was never trained and
 * of one trained on shuffled labels, and how they differ. What is finished is not made again.
 *
 * @returns null after an abort: the same call goes on
 * @throws InputError as `maskGroup` and `trainNetwork` do
 */
export async function sanity(options: SanityOptions, hooks: SanityHooks): Promise<SanityResult | null> {
  const startedAt = new Date();
  if (options.independent)
    throw new InputError(
      'sanity',
      'needs the cohort that the network was trained with',
      'Leave --independent out',
    );
  const model = modelFile(options.model);
  const split = options.split ?? besideModel(model, 'split.tsv', 'Give the split with --split FILE');
  if (!options.shuffled) trainingOf(model);
  const inputs = readMaskInputs({ ...options, model, split });
  const place = (...names: string[]) => path.join(options.out, ...names);
  if (existsSync(place(sanityMarker)) && !options.overwrite)
    throw new InputError(
      options.out,
      `contains ${sanityMarker} already`,
      'Choose another folder, or give --overwrite to replace it',
    );
  for (const given of [options.random, options.shuffled]) if (given) requireAlike(given, inputs);
  const output = openOutput(options.out, { by: 'sanity', overwrite: options.overwrite });
  try {
    const random = place('random-network');
    requireSanity(output, options, inputs);
    removeFile(place(sanityMarker));
    if (options.overwrite && !output.isUnchanged()) removeFile(randomFiles(random).model);
    const { signal, onPart, onStep } = hooks;
    let done = 0;
    const begin = (what: string) => {
      signal?.throwIfAborted();
      onPart?.(what, done++, 6);
    };
    const sources = { model, cohort: options.cohort, split, seed: options.group.seed };
    begin('random network');
    const untrained = options.random
      ? modelFile(options.random)
      : await randomNetwork(random, sources, hooks.open);
    begin('network on shuffled labels');
    const shuffled = options.shuffled
      ? modelFile(options.shuffled)
      : await shuffledNetwork(
          place('shuffled-network'),
          { ...sources, overwrite: options.overwrite },
          {
            open: hooks.open,
            ...(signal && { signal }),
            ...hooks.training,
          },
        );
    if (!shuffled) return null;

    const { random: _, shuffled: __, ...common } = options;
    const { seed } = options.group;
    const plan = [
      { name: 'trained', model, seed, everyImage: false },
      { name: 'trained, again', model, seed: seed + 1, everyImage: false },
      { name: 'random', model: untrained, seed, everyImage: true },
      { name: 'shuffled labels', model: shuffled, seed, everyImage: true },
    ];
    const masks: SanityMask[] = [];
    for (const { name, model, seed, everyImage } of plan) {
      begin(`mask: ${name}`);
      const mask = await maskOf(
        name,
        {
          ...common,
          model,
          split,
          everyImage,
          out: place(maskFolder(name)),
          group: { ...options.group, seed },
        },
        { open: hooks.open, ...(signal && { signal }), ...(onStep && { onStep }) },
      );
      if (!mask) return null;
      masks.push(mask);
    }

    const opened = await hooks.open();
    const networks: SanityNetwork[] = [];
    const probabilities: number[][] = [];
    for (const { name, model } of [plan[0], plan[2], plan[3]]) {
      networks.push({ name, model, ...(await knowledgeOf(model, options.cohort, split, opened)) });
      probabilities.push(await underMasks(opened.gpu, model, inputs, masks));
    }
    const uses = masks.map(({ mask }) => regionUse(mask, inputs.atlas!));
    const similarity = uses.map((one) => uses.map((other) => roiSimilarity(one, other)));
    const [trained] = probabilities;
    const yardstick: Yardstick = {
      similarity: similarity[0][1],
      unmasked: trained[0],
      masked: (trained[1] + trained[2]) / 2,
    };
    const verdicts = [2, 3].map((i) =>
      verdictOn(
        {
          name: ['random', 'shuffled-label'][i - 2],
          similarity: similarity[i].slice(0, 2),
          probability: trained[i + 1],
        },
        yardstick,
      ),
    );
    const found = {
      className: inputs.className,
      networks,
      masks: masks.map(({ mask: _, ...rest }) => rest),
      similarity,
      probabilities,
      verdicts,
      caution: caution(yardstick),
    };
    const background = await inputs.images.mean(inputs.select);
    const paths = writeSanityFiles(options.out, { ...found, masks, grid: inputs.images.grid, background });
    const sidecar = writeSidecar(options.out, 'sanity', {
      command: 'sanity',
      options: { ...options },
      seed: options.group.seed,
      adapter: opened.report,
      startedAt,
      finishedAt: new Date(),
      peakBytes: opened.gpu.memory().peakBytes,
      results: found,
    });
    return { ...found, paths: { ...paths, sidecar } };
  } finally {
    output.close();
  }
}

const maskNames = ['trained', 'trained, again', 'random', 'shuffled labels'] as const;

function maskFolder(name: string): string {
  return name.replace(/\W+/g, '-');
}

/** Makes sure, before the first network is trained, that all parts can be written. @throws InputError */
function requireSanity(output: OutputFolder, options: SanityOptions, inputs: MaskInputs): void {
  const { overwrite } = options;
  const place = (...names: string[]) => path.resolve(options.out, ...names);
  const random = options.random ? [] : pathsIn(randomFiles(place('random-network')));
  const folders = maskNames.map((name) => place(maskFolder(name)));
  output.require([
    ...pathsIn(sanityPaths(options.out)),
    place(sanityMarker),
    ...random,
    ...folders.map((folder) => path.join(folder, partFile)),
  ]);
  if (!options.shuffled) requireTraining(place('shuffled-network'), overwrite);
  for (const folder of folders) {
    const finished = path.join(folder, partFile);
    requirePart(folder, { by: 'mask group', overwrite }, groupMaskFiles(folder, kindOf(inputs)), finished);
  }
}

/** A control that is given has to take the same images. @throws InputError */
function requireAlike(place: string, { model, images }: MaskInputs): void {
  const { architecture } = readModel(modelFile(place));
  const same = (a: readonly unknown[], b: readonly unknown[]) => a.join() === b.join();
  if (
    same(architecture.inputShape, images.grid.shape) &&
    same(architecture.classes, model.architecture.classes)
  )
    return;
  throw new InputError(
    place,
    'takes other images, or knows other classes, than the trained network',
    'Give its control',
  );
}

/** A network's mean probability of the class over the images selected on: as they are, and under each mask. */
async function underMasks(
  gpu: Network['gpu'],
  file: string,
  { images, select, classIndex, mu }: MaskInputs,
  masks: readonly SanityMask[],
): Promise<number[]> {
  const { architecture, weights } = readModel(file);
  const network = new Network(gpu, architecture, weights);
  const hidden = await placeOneMu(gpu, mu, images);
  try {
    const means: number[] = [];
    for (const values of [new Float32Array(masks[0].mask.length).fill(1), ...masks.map(({ mask }) => mask)]) {
      const mask = gpu.tensor(images.grid.shape, values, 'mask');
      const found = await maskedProbabilities(network, images, select, classIndex, mask, hidden);
      mask.release();
      means.push(found.reduce((sum, value) => sum + value, 0) / found.length);
    }
    return means;
  } finally {
    network.release();
    hidden.release();
  }
}

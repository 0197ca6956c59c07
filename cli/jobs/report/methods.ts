import { describeGrid, type Grid } from '../../../cohort/volume.ts';
import type { NumberTable } from '../../../report/page/data.ts';
import { type Context, resultsOf } from './context.ts';
import type { FoundMask } from './masks.ts';
import { trainingResults } from './networks.ts';
import { member, numberOf } from './numbers.ts';
import type { Result } from './results.ts';

/** Sentences for a paper's methods, from the options that the commands recorded; what was not done is not said. */
export function methodsText(
  context: Context,
  {
    masks,
    grid,
    demographics,
  }: { masks: readonly FoundMask[]; grid: Grid | null; demographics: NumberTable | null },
): string[] {
  return [
    images(context, grid, demographics),
    splits(context),
    training(context),
    masking(masks),
    comparing(context),
    software(context),
  ].filter((text) => text !== null);
}

function images(context: Context, grid: Grid | null, demographics: NumberTable | null): string | null {
  if (!grid) return null;
  const groups = (demographics?.rows ?? []).map(
    ([cohort, label, participants, sessions]) =>
      `${participants} ${label} participants with ${sessions} sessions (${cohort})`,
  );
  const check = resultsOf(context, 'cohort check')[0];
  const least = check ? numberOf(check.options.minimum) : null;
  return [
    `Images were gray-matter probability maps of ${describeGrid(grid)}${groups.length > 0 ? `: ${groups.join(', ')}` : ''}.`,
    ...(least === null ? [] : [`Maps whose maximum lay below ${least} were rejected.`]),
  ].join(' ');
}

function splits(context: Context): string | null {
  const test = resultsOf(context, 'split test')[0];
  const [kfold] = resultsOf(context, 'split kfold');
  const train = trainingResults(context)[0];
  const folds = numberOf(kfold?.options.folds) ?? numberOf(train?.options.folds);
  const seed = numberOf(kfold?.options.seed) ?? numberOf(train?.options.splitSeed);
  const sentences = [
    ...(test
      ? [
          `A test set of ${numberOf(test.options.perClass) ?? 'n'} participants per class, matched in age and sex, was set aside (both p-values against the others above ${test.options.threshold}).`,
        ]
      : []),
    ...(folds === null
      ? []
      : [
          `The ${test ? 'other ' : ''}participants were cut into ${folds} folds, stratified by diagnosis, no participant on two sides${seed === null ? '' : ` (seed ${seed})`}.`,
        ]),
  ];
  return sentences.length > 0 ? sentences.join(' ') : null;
}

function training(context: Context): string | null {
  const [first] = trainingResults(context);
  if (!first) return null;
  const of = (...names: string[]) => member(first.options, ...names);
  const list = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value));
  const channels = of('network', 'channels');
  const fc = numberOf(of('network', 'fcLayers')) ?? 1;
  return [
    `A 3D convolutional network of ${Array.isArray(channels) ? channels.length : 'several'} blocks (channels ${list(channels)}; ${list(of('network', 'subBlocks'))} sub-blocks of a 3 x 3 x 3 convolution, batch normalisation and LeakyReLU; ${of('network', 'reduction') === 'stride' ? 'strides' : 'max pooling'} of 2), dropout ${of('network', 'dropout')} and ${fc} fully connected ${fc === 1 ? 'layer' : 'layers'} was trained with cross-entropy and Adam (learning rate ${of('training', 'learningRate')}, weight decay ${of('training', 'weightDecay')}, batches of ${of('training', 'batchSize')}) for at most ${of('training', 'epochs')} epochs, and stopped once the validation loss had been above its lowest for ${of('training', 'patience')} epochs in a row.`,
    'Training took all sessions of its participants, validation the first of each; the epoch of highest validation balanced accuracy was kept.',
  ].join(' ');
}

function masking(masks: readonly FoundMask[]): string | null {
  const [group] = masks.filter(({ kind }) => kind === 'group');
  const [session] = masks.filter(({ kind }) => kind === 'session');
  const one = group ?? session;
  if (!one) return null;
  const weights = ({ options }: Result) =>
    ['lambda1', 'lambda2', 'beta1', 'beta2']
      .map((name) => `${name} ${member(options, 'objective', name)}`)
      .join(', ');
  const mu = one.result.options.mu;
  return [
    `With the network's weights fixed, a mask m in [0, 1] of the image's size was optimised (Thibeau-Sutre et al. 2020, extending Fong and Vedaldi 2017) so that the network's probability of ${one.className} falls while voxels become mu = ${typeof mu === 'number' ? mu : 'a volume'} where m is 0.`,
    ...(group
      ? [
          `Group masks were fitted on the ${group.className} images that the network classifies correctly (${weights(group.result)}; Adam, learning rate ${member(group.result.options, 'group', 'learningRate')}).`,
        ]
      : []),
    ...(session
      ? [`Masks of single sessions were fitted on one image each (${weights(session.result)}).`]
      : []),
    'The mask of lowest validation loss was kept, with values above 0.95 set to 1. Regions are described by the mean of 1 - m over their voxels.',
  ].join(' ');
}

function comparing(context: Context): string | null {
  const [compared] = resultsOf(context, 'compare');
  if (!compared) return null;
  return "Masks were compared by the cosine of their region vectors (ROI similarity) and by probCNN, the probability of the true class that one network gives its images under another's mask; 95 % intervals by bootstrap over participants.";
}

function software(context: Context): string | null {
  const made = context.results.find(({ sidecar }) => sidecar.versions?.voxmask);
  if (!made) return null;
  const { voxmask, node, webgpu } = made.sidecar.versions!;
  const adapters = [
    ...new Set(
      context.results.flatMap(({ sidecar }) =>
        sidecar.adapter?.name
          ? [`${sidecar.adapter.name} (${sidecar.adapter.driver ?? 'driver not known'})`]
          : [],
      ),
    ),
  ];
  const seeds = [...new Set(trainingResults(context).flatMap(({ sidecar }) => sidecar.seed ?? []))];
  return `Computed with voxmask ${voxmask} (Node.js ${node}${webgpu ? `, WebGPU by Dawn, webgpu ${webgpu}` : ''})${adapters.length > 0 ? ` on ${adapters.join(', ')}` : ''}${seeds.length > 0 ? `; training seeds ${seeds.join(', ')}` : ''}.`;
}

import { describeGrid, type Grid } from '../../../cohort/volume.ts';
import type { NumberTable } from '../../../report/page/data.ts';
import type { TextCell } from '../../../report/text-table.ts';
import { type Context, resultsOf } from './context.ts';
import type { Identity } from './identity.ts';
import type { FoundMask } from './masks.ts';
import { trainingResults } from './networks.ts';
import { member, numberOf } from './numbers.ts';
import type { Result } from './results.ts';
import type { Sealed, Shown } from './shown.ts';

/** Sentences for a paper's methods, from the options that the commands recorded; what was not done is not said. */
export function methodsText(
  context: Context,
  {
    masks,
    grid,
    demographics,
  }: { masks: readonly FoundMask[]; grid: Grid | null; demographics: Sealed<NumberTable> | null },
): Shown[] {
  return [
    images(context, grid, demographics),
    splits(context),
    training(context),
    masking(context, masks),
    comparing(context),
    software(context),
  ].filter((text) => text !== null);
}

function images(context: Context, grid: Grid | null, demographics: Sealed<NumberTable> | null): Shown | null {
  if (!grid) return null;
  const { identity } = context;
  const { say, from, value } = identity;
  const groups = (demographics?.rows ?? []).map(
    ([cohort, label, participants, sessions]) =>
      say`${shown(identity, participants)} ${shown(identity, label)} participants with ${shown(identity, sessions)} sessions (${shown(identity, cohort)})`,
  );
  const check = resultsOf(context, 'cohort check')[0];
  const least = check ? numberOf(check.options.minimum) : null;
  return joined(identity, ' ', [
    say`Images were gray-matter probability maps of ${from(describeGrid, grid)}${groups.length > 0 ? say`: ${joined(identity, ', ', groups)}` : say``}.`,
    ...(least === null ? [] : [say`Maps whose maximum lay below ${value(least)} were rejected.`]),
  ]);
}

/** A cell of a table within a sentence. */
function shown({ say }: Identity, cell: Sealed<TextCell>): Shown | number {
  return cell ?? say`n/a`;
}

function joined({ say }: Identity, between: ', ' | '; ' | ' ', texts: readonly Shown[]): Shown {
  const gap = { ', ': say`, `, '; ': say`; `, ' ': say` ` }[between];
  return texts.reduce((all, text) => say`${all}${gap}${text}`);
}

function splits(context: Context): Shown | null {
  const { identity } = context;
  const { say, value } = identity;
  const test = resultsOf(context, 'split test')[0];
  const [kfold] = resultsOf(context, 'split kfold');
  const train = trainingResults(context)[0];
  const folds = numberOf(kfold?.options.folds) ?? numberOf(train?.options.folds);
  const seed = numberOf(kfold?.options.seed) ?? numberOf(train?.options.splitSeed);
  const sentences = [
    ...(test
      ? [
          say`A test set of ${numberOf(test.options.perClass) ?? say`n`} participants per class, matched in age and sex, was set aside (both p-values against the others above ${value(test.options.threshold)}).`,
        ]
      : []),
    ...(folds === null
      ? []
      : [
          say`The ${test ? say`other ` : say``}participants were cut into ${folds} folds, stratified by diagnosis, no participant on two sides${seed === null ? say`` : say` (seed ${seed})`}.`,
        ]),
  ];
  return sentences.length > 0 ? joined(identity, ' ', sentences) : null;
}

function training(context: Context): Shown | null {
  const [first] = trainingResults(context);
  if (!first) return null;
  const { say, value } = context.identity;
  const of = (...names: string[]) => value(member(first.options, ...names));
  const channels = member(first.options, 'network', 'channels');
  const fc = numberOf(member(first.options, 'network', 'fcLayers')) ?? 1;
  const halved = member(first.options, 'network', 'reduction') === 'stride';
  return joined(context.identity, ' ', [
    say`A 3D convolutional network of ${Array.isArray(channels) ? channels.length : say`several`} blocks (channels ${value(channels)}; ${of('network', 'subBlocks')} sub-blocks of a 3 x 3 x 3 convolution, batch normalisation and LeakyReLU; ${halved ? say`strides` : say`max pooling`} of 2), dropout ${of('network', 'dropout')} and ${fc} fully connected ${fc === 1 ? say`layer` : say`layers`} was trained with cross-entropy and Adam (learning rate ${of('training', 'learningRate')}, weight decay ${of('training', 'weightDecay')}, batches of ${of('training', 'batchSize')}) for at most ${of('training', 'epochs')} epochs, and stopped once the validation loss had been above its lowest for ${of('training', 'patience')} epochs in a row.`,
    say`Training took all sessions of its participants, validation the first of each; the epoch of highest validation balanced accuracy was kept.`,
  ]);
}

function masking({ identity }: Context, masks: readonly FoundMask[]): Shown | null {
  const [group] = masks.filter(({ kind }) => kind === 'group');
  const [session] = masks.filter(({ kind }) => kind === 'session');
  const one = group ?? session;
  if (!one) return null;
  const { say, own, value } = identity;
  const weights = ({ options }: Result) =>
    joined(
      identity,
      ', ',
      own('lambda1', 'lambda2', 'beta1', 'beta2').map(
        (name) => say`${name} ${value(member(options, 'objective', name))}`,
      ),
    );
  const mu = one.result.options.mu;
  return joined(identity, ' ', [
    say`With the network's weights fixed, a mask m in [0, 1] of the image's size was optimised (Thibeau-Sutre et al. 2020, extending Fong and Vedaldi 2017) so that the network's probability of ${one.className} falls while voxels become mu = ${typeof mu === 'number' ? mu : say`a volume`} where m is 0.`,
    ...(group
      ? [
          say`Group masks were fitted on the ${group.className} images that the network classifies correctly (${weights(group.result)}; Adam, learning rate ${value(member(group.result.options, 'group', 'learningRate'))}).`,
        ]
      : []),
    ...(session
      ? [say`Masks of single sessions were fitted on one image each (${weights(session.result)}).`]
      : []),
    say`The mask of lowest validation loss was kept, with values above 0.95 set to 1. Regions are described by the mean of 1 - m over their voxels.`,
  ]);
}

function comparing(context: Context): Shown | null {
  const [compared] = resultsOf(context, 'compare');
  if (!compared) return null;
  return context.identity
    .say`Masks were compared by the cosine of their region vectors (ROI similarity) and by probCNN, the probability of the true class that one network gives its images under another's mask; 95 % intervals by bootstrap over participants.`;
}

function software(context: Context): Shown | null {
  const made = context.results.find(({ sidecar }) => sidecar.versions?.voxmask);
  if (!made) return null;
  const { identity, results } = context;
  const { say, machine, value } = identity;
  const { voxmask, node, webgpu } = made.sidecar.versions!;
  const names = results.flatMap(({ sidecar: { adapter } }) =>
    adapter?.name ? [say`${machine(adapter.name)} (${machine(adapter.driver ?? 'driver not known')})`] : [],
  );
  const adapters = [...new Set(names)];
  const seeds = [...new Set(trainingResults(context).flatMap(({ sidecar }) => sidecar.seed ?? []))].map(
    value,
  );
  return say`Computed with voxmask ${machine(String(voxmask))} (Node.js ${machine(String(node))}${webgpu ? say`, WebGPU by Dawn, webgpu ${machine(webgpu)}` : say``})${adapters.length > 0 ? say` on ${joined(identity, ', ', adapters)}` : say``}${seeds.length > 0 ? say`; training seeds ${joined(identity, ', ', seeds)}` : say``}.`;
}

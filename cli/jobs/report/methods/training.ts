import type { Context } from '../context.ts';
import type { Identity } from '../identity.ts';
import { readTrainings, trainingResults } from '../networks.ts';
import { member, numberOf } from '../numbers.ts';
import type { Shown } from '../shown.ts';
import { joined, recorded, shared } from './sharing.ts';

/** The networks and how they were trained; options in which they differ are given for each. */
export function trainingText(context: Context): Shown | null {
  const { identity } = context;
  const { say } = identity;
  const names = readTrainings(context).map(({ name }) => name);
  const runs = trainingResults(context).map(({ options }, i) => ({ name: names[i], options }));
  if (runs.length === 0) return null;
  const each = (textOf: (options: unknown) => Shown) =>
    shared(identity, runs, ({ options }) => textOf(options));
  const of = (...path: string[]) => each((options) => recorded(identity, member(options, ...path)));
  const blocks = each((options) => {
    const channels = member(options, 'network', 'channels');
    return Array.isArray(channels)
      ? say`${channels.length} blocks (channels ${recorded(identity, channels)})`
      : say`blocks that were not recorded`;
  });
  const layers = each((options) => {
    const count = numberOf(member(options, 'network', 'fcLayers')) ?? 1;
    return say`${count} fully connected ${count === 1 ? say`layer` : say`layers`}`;
  });
  const halving = each((options) =>
    member(options, 'network', 'reduction') === 'stride'
      ? say`strides of 2 in each block's last convolution`
      : say`max pooling of 2`,
  );
  return joined(identity, ' ', [
    say`3D convolutional networks of ${blocks} were trained: sub-blocks per block ${of('network', 'subBlocks')}, each a 3 x 3 x 3 convolution, batch normalisation and LeakyReLU; ${halving}; dropout ${of('network', 'dropout')}; ${layers}.`,
    say`Training minimised the cross-entropy with Adam (learning rate ${of('training', 'learningRate')}, weight decay ${of('training', 'weightDecay')}, batches of ${of('training', 'batchSize')}) for at most ${of('training', 'epochs')} epochs, and stopped once the validation loss had been above its lowest for ${of('training', 'patience')} epochs in a row.`,
    ...starts(context),
    ...intensities(context, each),
    say`An epoch took ${each((options) => samplings(identity, options))}.`,
    say`The epoch of highest validation balanced accuracy was kept; validation took the first session of each participant.`,
  ]);
}

function samplings({ say }: Identity, options: unknown): Shown {
  const sampling = member(options, 'training', 'sampling');
  if (sampling === 'balanced') return say`as many sessions of each class, drawn from the training set`;
  return sampling === 'all'
    ? say`each session of the training set once`
    : say`sessions in a way that was not recorded`;
}

/** Networks whose convolutions started from weights that were trained before. */
function starts(context: Context): Shown[] {
  const { say } = context.identity;
  const runs = trainingResults(context);
  const pretrained = runs.filter(({ results, options }) => results.init ?? options.init).length;
  if (pretrained === 0) return [];
  const which = pretrained === runs.length ? say`The` : say`In ${pretrained} of ${runs.length} trainings the`;
  return [say`${which} convolutions started from the weights of an earlier training.`];
}

/** What was done to the values of the images, where anything was. */
function intensities({ identity }: Context, each: (textOf: (options: unknown) => Shown) => Shown): Shown[] {
  const { say } = identity;
  let any = false;
  const text = each((options) => {
    const scale = member(options, 'intensity', 'scale');
    const smoothing = numberOf(member(options, 'intensity', 'smoothing')) ?? 0;
    if ((scale ?? 'none') !== 'none' || smoothing > 0) any = true;
    return say`scaling ${recorded(identity, scale)}, smoothing ${smoothing} mm`;
  });
  return any ? [say`Images were prepared by ${text}.`] : [];
}

import { healthyMean, muPerSession } from '../../mask-mu.ts';
import type { Context } from '../context.ts';
import type { Identity } from '../identity.ts';
import type { FoundMask } from '../masks.ts';
import { member, textOf } from '../numbers.ts';
import type { Shown } from '../shown.ts';
import { joined, recorded, shared } from './sharing.ts';

const weights = ['lambda1', 'lambda2', 'beta1', 'beta2'] as const;

/** How masks were optimised; options in which they differ are given for each. */
export function maskingText({ identity }: Context, masks: readonly FoundMask[]): Shown | null {
  if (masks.length === 0) return null;
  const { say } = identity;
  const group = masks.filter(({ kind }) => kind === 'group');
  const session = masks.filter(({ kind }) => kind === 'session');
  const lowered = shared(identity, masks, ({ className, result: { options } }) => {
    const score = textOf(member(options, 'objective', 'score'));
    const what = { logProbability: say`the logarithm of the probability`, logit: say`the logit` }[
      String(score)
    ];
    return say`${what ?? say`the probability`} of ${className}`;
  });
  const mu = shared(identity, masks, ({ result: { options } }) => muText(identity, options.mu));
  return joined(identity, ' ', [
    say`With the network's weights fixed, a mask m in [0, 1] was optimised (Thibeau-Sutre et al. 2020, extending Fong and Vedaldi 2017) so that ${lowered} falls while voxels become ${mu} where m is 0.`,
    ...(group.length > 0 ? [groupText(identity, group)] : []),
    ...(session.length > 0
      ? [
          say`Masks of single sessions were fitted on one image each (${weightsText(identity, session)}); the mask of lowest loss was kept.`,
        ]
      : []),
    say`Values above 0.95 were set to 1.`,
  ]);
}

function groupText(identity: Identity, masks: readonly FoundMask[]): Shown {
  const { say } = identity;
  const from = shared(identity, masks, ({ className, independent, result: { options } }) => {
    if (independent) return say`all ${className} images of an independent cohort`;
    const fitOn = textOf(options.fitOn);
    if (fitOn === 'train+validation') return say`the ${className} images of the training and validation sets`;
    return say`the ${className} images of the training set`;
  });
  const rate = shared(identity, masks, ({ result }) =>
    recorded(identity, member(result.options, 'group', 'learningRate')),
  );
  return say`Group masks were fitted on ${from} that the network classifies correctly (${weightsText(identity, masks)}; Adam, learning rate ${rate}); the mask of lowest validation loss was kept.`;
}

function weightsText(identity: Identity, masks: readonly FoundMask[]): Shown {
  const { say, own } = identity;
  const names = own(...weights);
  return joined(
    identity,
    ', ',
    weights.map((weight, i) => {
      const value = shared(identity, masks, ({ result }) =>
        recorded(identity, member(result.options, 'objective', weight)),
      );
      return say`${names[i]} ${value}`;
    }),
  );
}

function muText({ say }: Identity, mu: unknown): Shown {
  if (mu === undefined || mu === null) return say`a value that was not recorded`;
  if (mu === healthyMean) return say`those of the mean of the CN images`;
  if (mu === muPerSession) return say`those of a volume made for each session`;
  return Number.isNaN(Number(mu)) ? say`those of another volume` : say`${Number(mu)}`;
}

/** A control against the trained network: what its mask should not look like. */
export interface Control {
  /** as in the sentence "the random network" */
  readonly name: string;
  /** ROI similarity of its mask to each of the trained network's two masks; null where a mask is empty */
  readonly similarity: readonly (number | null)[];
  /** the trained network's mean probability of the class under the control's mask */
  readonly probability: number;
}

/** What the trained network's own two masks, of two seeds, say: the yardstick. */
export interface Yardstick {
  /** ROI similarity of the two; null where one is empty */
  readonly similarity: number | null;
  /** the trained network's mean probability of the class, without a mask */
  readonly unmasked: number;
  /** the same under its own masks, mean of the two */
  readonly masked: number;
}

export interface Verdict {
  readonly control: string;
  /** the masks lie elsewhere, and they do not do to the trained network what its own do */
  readonly regionsDiffer: boolean;
  readonly effectDiffers: boolean;
  readonly words: string;
}

/** By how much less alike than two masks of one network a control's mask has to be. */
export const margin = 0.1;

/**
 * Whether masks tell a trained network from one that knows nothing. Regions differ if the control's mask is less like both of
 * the trained network's masks than these are like each other, by 0.1 at least (an empty mask is like none). The effect differs
 * if the control's mask takes away less than half as much of the trained network's probability as its own masks do.
 */
export function verdictOn(control: Control, yardstick: Yardstick): Verdict {
  const own = yardstick.similarity ?? 0;
  const nearest = Math.max(...control.similarity.map((value) => value ?? 0));
  const regionsDiffer = nearest < own - margin;
  const taken = yardstick.unmasked - yardstick.masked;
  const effectDiffers = yardstick.unmasked - control.probability < taken / 2;
  const similar = `similarity ${nearest.toFixed(2)}, where two masks of the trained network have ${own.toFixed(2)}`;
  const left =
    `under it the trained network keeps a probability of ${control.probability.toPrecision(2)} of ` +
    `${yardstick.unmasked.toPrecision(2)}, under its own ${yardstick.masked.toPrecision(2)}`;
  const sentence = (() => {
    if (regionsDiffer && effectDiffers)
      return 'differs in both ways: the mask depends on what the network learned';
    if (regionsDiffer)
      return 'lies elsewhere, but takes the decision away too: the effect alone proves little here';
    if (effectDiffers) return 'lies in like regions, but does not take the decision away';
    return 'does not differ: the mask may show the images, or the method, rather than what the network learned';
  })();
  return {
    control: control.name,
    regionsDiffer,
    effectDiffers,
    words: `The mask of the ${control.name} network ${sentence} (${similar}; ${left}).`,
  };
}

/** What the yardstick itself says; null when there is nothing to say against it. */
export function caution({ similarity, unmasked, masked }: Yardstick): string | null {
  if (similarity === null || similarity < 0.8) {
    const value = similarity === null ? 'empty' : `only ${similarity.toFixed(2)} alike`;
    return `The trained network's own two masks are ${value}: they have not converged, so similarities say little. Allow more steps.`;
  }
  if (unmasked - masked < 0.1)
    return "The trained network's own masks hardly lower its probability, so no control can do worse. Weaken lambda1 and lambda2, or allow more steps.";
  return null;
}

import { InputError } from '../cohort/error.ts';
import { RandomStream, streams } from '../engine/random.ts';
import { drawSettings, type SearchSpace } from './search-space.ts';
import type { Settings } from './settings.ts';
import type { Epoch } from './train.ts';

/** Networks drawn for one sample before the search gives up. */
const MOST_TRIES = 1000;

/** A network that was drawn and not trained. */
export interface Rejected {
  readonly sample: number;
  readonly settings: Settings;
  readonly reason: string;
}

/**
 * A sample of a random search (paper, section 2.2.2): settings drawn until some can be trained. It depends on the space, the
 * seed, its number and the refusals alone, not on the samples before it.
 *
 * @param refuse says why settings cannot be trained; null where they can
 * @throws InputError when none of 1,000 can, with the last reason
 */
export function drawSample(
  space: SearchSpace,
  seed: number,
  sample: number,
  refuse: (settings: Settings) => string | null,
): { settings: Settings; rejected: Rejected[] } {
  const random = new RandomStream(seed, streams.search, sample);
  const rejected: Rejected[] = [];
  while (rejected.length < MOST_TRIES) {
    const settings = drawSettings(space, random);
    const reason = refuse(settings);
    if (reason === null) return { settings, rejected };
    rejected.push({ sample, settings, reason });
  }
  throw new InputError(
    'search space',
    `none of ${MOST_TRIES} networks drawn can be trained; the last one: ${rejected[MOST_TRIES - 1].reason}`,
    'Narrow the space, or give --gpu-memory if the device has more',
  );
}

/** Best first: by validation balanced accuracy, of equals by lower validation loss, then by number; failed ones last. */
export function rankSamples<T extends { readonly sample: number; readonly best: Epoch | null }>(
  samples: readonly T[],
): T[] {
  return [...samples].sort((a, b) => {
    if (a.best === null || b.best === null)
      return Number(a.best === null) - Number(b.best === null) || a.sample - b.sample;
    const [one, other] = [a.best.validation, b.best.validation];
    return other.balancedAccuracy - one.balancedAccuracy || one.loss - other.loss || a.sample - b.sample;
  });
}

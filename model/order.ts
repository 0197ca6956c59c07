import { RandomStream, streams } from '../engine/random.ts';

/** Which sessions an epoch takes: each once, or as many of every class. */
export const samplings = ['all', 'balanced'] as const;
export type Sampling = (typeof samplings)[number];

/**
 * The order of an epoch's sessions, drawn by the seed and the epoch alone. `all` takes each once. `balanced` takes as many
 * steps, and every class as often: its sessions in random order, over again where it has fewer than its share.
 *
 * @param labels class of each session
 * @returns indices of sessions, as many as there are
 */
export function epochOrder(
  labels: readonly number[],
  sampling: Sampling,
  seed: number,
  epoch: number,
): number[] {
  const random = new RandomStream(seed, streams.shuffle, epoch);
  const order = random.permutation(labels.length);
  if (sampling === 'all') return order;
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const drawn = classes.map((label) => order.filter((i) => labels[i] === label));
  const next = drawn.map(() => 0);
  const taken = order.map((_, i) => {
    const which = i % classes.length;
    const members = drawn[which];
    // Over again, in another order: no two sessions come together each time.
    if (next[which] === members.length) {
      drawn[which] = random.permutation(members.length).map((place) => members[place]);
      next[which] = 0;
    }
    return drawn[which][next[which]++];
  });
  return random.permutation(taken.length).map((place) => taken[place]);
}

import { RandomStream, streams } from '../engine/random.ts';
import { type Interval, quantile } from '../model/evaluation.ts';
import {
  type ComparisonKind,
  comparisons,
  type MaskedProbabilities,
  type Matrices,
  type Pair,
  pairsOf,
} from './comparison.ts';

/** Mean over the pairs of one kind, and how far they spread. */
export interface Spread {
  readonly mean: number;
  readonly lowest: number;
  readonly highest: number;
  /** 95 %, by bootstrap over participants; null where fewer than two participants stand behind it */
  readonly interval: Interval | null;
  /** pairs that have no number */
  readonly undefinedPairs: number;
}

export interface ComparisonSummary {
  readonly kind: ComparisonKind;
  readonly pairs: number;
  readonly participants: number;
  /** pairs of which a mask is among the doubtful */
  readonly doubtfulPairs: number;
  /** null where no pair has a number */
  readonly similarity: Spread | null;
  /** of both directions' mean; null where it was not computed */
  readonly probCnn: Spread | null;
}

/**
 * Summarises every kind of comparison that the masks allow (paper, section 3). Within participants the mean is over the pairs
 * of a participant's sessions, then over participants; otherwise over pairs.
 *
 * Intervals: participants are drawn anew with replacement. A mask of a session belongs to its participant; of group masks
 * probCNN alone varies with who is drawn, through the images, so their similarity has no interval.
 *
 * @param seed of the draws
 */
export function summarise(matrices: Matrices, seed: number, resamples = 2000): ComparisonSummary[] {
  return comparisons.flatMap((kind) => {
    const pairs = pairsOf(kind, matrices.masks);
    return pairs.length > 0 ? [summaryOf(kind, pairs, matrices, seed, resamples)] : [];
  });
}

/** How often each participant was drawn, by its place in the list of all; null where none was. */
type Weights = Float64Array | null;

/** A pair with a number, and what it weighs. */
interface Entry {
  readonly value: number;
  /** the value where some images count more than others; absent where it is the same whoever is drawn */
  readonly under?: (weights: Float64Array) => number;
  /** participants whose masks these are, each once */
  readonly owners: readonly number[];
  /** weight before any draw */
  readonly share: number;
}

function summaryOf(
  kind: ComparisonKind,
  pairs: readonly Pair[],
  { masks, similarity, probCnn, doubtful }: Matrices,
  seed: number,
  resamples: number,
): ComparisonSummary {
  const owners = unique(pairs.flatMap((pair) => pair.map((i) => masks[i].participantId))).filter(isKnown);
  const drawnFor = (participants: readonly string[], entries: (Entry | null)[]) =>
    spread(entries, { participants, seed, resamples });
  const base = (participants: readonly string[], [a, b]: Pair): Omit<Entry, 'value'> => ({
    owners: unique([masks[a].participantId, masks[b].participantId])
      .filter(isKnown)
      .map((id) => participants.indexOf(id)),
    share: 1,
  });
  const shares = (entries: (Entry | null)[]) =>
    kind === 'within participants' ? perParticipant(entries) : entries;
  const images = probCnn ? unique(pairs.flatMap(([a, b]) => imagesOf(probCnn, a, b))) : [];
  const all = unique([...owners, ...images]);
  return {
    kind,
    pairs: pairs.length,
    participants: owners.length > 0 ? owners.length : images.length,
    doubtfulPairs: pairs.filter((pair) => pair.some((i) => doubtful?.[i])).length,
    similarity: drawnFor(
      owners,
      shares(
        pairs.map((pair) => {
          const value = similarity[pair[0]][pair[1]];
          return value === null ? null : { ...base(owners, pair), value };
        }),
      ),
    ),
    probCnn:
      probCnn &&
      drawnFor(
        all,
        shares(
          pairs.map((pair) => {
            const [a, b] = pair;
            const cells = [probCnn[a][b], probCnn[b][a]].map((cell) => indexed(cell, all));
            const entry = { ...base(all, pair), value: bothWays(cells, null) };
            // The one image of a session's mask is its owner's, who weighs already.
            const fixed = cells.every(({ values }) => values.length === 1) && entry.owners.length > 0;
            return fixed ? entry : { ...entry, under: (weights) => bothWays(cells, weights) };
          }),
        ),
      ),
  };
}

/** The pairs of each participant together weigh as much as those of any other. */
function perParticipant(entries: readonly (Entry | null)[]): (Entry | null)[] {
  const counts = new Map<number, number>();
  for (const entry of entries) if (entry) counts.set(entry.owners[0], (counts.get(entry.owners[0]) ?? 0) + 1);
  return entries.map((entry) => entry && { ...entry, share: 1 / counts.get(entry.owners[0])! });
}

interface Draws {
  readonly participants: readonly string[];
  readonly seed: number;
  readonly resamples: number;
}

function spread(entries: readonly (Entry | null)[], draws: Draws): Spread | null {
  const known = entries.filter((entry) => entry !== null);
  if (known.length === 0) return null;
  const values = known.map(({ value }) => value);
  return {
    mean: meanOver(known)(null),
    lowest: values.reduce((a, b) => Math.min(a, b)),
    highest: values.reduce((a, b) => Math.max(a, b)),
    interval: draws.participants.length < 2 ? null : bootstrap(known, draws),
    undefinedPairs: entries.length - known.length,
  };
}

/** Weighted mean of the entries, as a function of who was drawn. In plain arrays: it is asked for thousands of times. */
function meanOver(entries: readonly Entry[]): (weights: Weights) => number {
  const values = Float64Array.from(entries, ({ value }) => value);
  const shares = Float64Array.from(entries, ({ share }) => share);
  const [first, second] = [0, 1].map((place) =>
    Int32Array.from(entries, ({ owners }) => owners[place] ?? -1),
  );
  const varying = entries.some(({ under }) => under);
  return (weights) => {
    let [sum, total] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      let weight = shares[i];
      if (weights && first[i] >= 0) weight *= weights[first[i]];
      if (weights && second[i] >= 0) weight *= weights[second[i]];
      if (weight === 0) continue;
      const under = varying && entries[i].under;
      const here = weights && under ? under(weights) : values[i];
      if (Number.isNaN(here)) continue; // none of its images was drawn
      sum += weight * here;
      total += weight;
    }
    return sum / total;
  };
}

function bootstrap(entries: readonly Entry[], { participants, seed, resamples }: Draws): Interval | null {
  const meanUnder = meanOver(entries);
  const drawn = Array.from({ length: resamples }, (_, i) => {
    const random = new RandomStream(seed, streams.bootstrap, i);
    const weights = new Float64Array(participants.length);
    for (let n = 0; n < participants.length; n++) weights[random.below(participants.length)] += 1;
    return meanUnder(weights);
  });
  // A draw of one participant alone has no pair of two.
  const values = drawn.filter((one) => !Number.isNaN(one)).sort((a, b) => a - b);
  return values.length > 0 ? [quantile(values, 0.025), quantile(values, 0.975)] : null;
}

interface Indexed {
  readonly values: readonly number[];
  readonly places: readonly number[];
}

function indexed({ values, participants }: MaskedProbabilities, all: readonly string[]): Indexed {
  return { values, places: participants.map((id) => all.indexOf(id)) };
}

/** Mean of both directions, each the mean over its images. */
function bothWays(cells: readonly Indexed[], weights: Weights): number {
  const means = cells.map(({ values, places }) => {
    let [sum, total] = [0, 0];
    values.forEach((value, i) => {
      const weight = weights?.[places[i]] ?? 1;
      sum += weight * value;
      total += weight;
    });
    return sum / total;
  });
  return (means[0] + means[1]) / 2;
}

function imagesOf(probCnn: NonNullable<Matrices['probCnn']>, a: number, b: number): readonly string[] {
  return [...probCnn[a][b].participants, ...probCnn[b][a].participants];
}

function isKnown(id: string | null): id is string {
  return id !== null;
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

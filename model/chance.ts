import { logGamma } from '../cohort/statistics/special.ts';
import { RandomStream, streams } from '../engine/random.ts';

/** What a network says of a session, by the numbers of the classes. */
export interface Said {
  readonly participantId: string;
  readonly label: number;
  readonly predicted: number;
}

/** A test of a balanced accuracy against chance. */
export interface ChanceTest {
  /** one-sided: how often labels dealt out by chance reach a balanced accuracy as high */
  readonly p: number;
  readonly aboveChance: boolean;
}

const level = 0.05;
const rounding = 1e-9; // 3 and 3 participants, all told rightly, have p = 0.05, and sums of logarithms differ in the last bits

const draws = 5000;

/**
 * Whether a balanced accuracy is above chance, by permuting the participants' labels while the predictions stay: one-sided, at
 * 0.05. Exact for two classes and one session per participant, where the permutations follow the hypergeometric distribution
 * (Fisher's exact test); otherwise 5,000 drawn permutations of whole participants, always the same ones. It asks nothing of how
 * often a network says each class, so one that says the same of everybody has p = 1.
 *
 * @returns null where fewer than two classes have a participant: there is nothing to tell apart
 */
export function chanceTest(said: readonly Said[]): ChanceTest | null {
  const classes = [...new Set(said.map(({ label }) => label))];
  if (classes.length < 2) return null;
  const participants = [...byParticipant(said).values()];
  const binary = classes.length === 2 && said.every(({ predicted }) => classes.includes(predicted));
  const alone = participants.length === said.length;
  return tested(binary && alone ? exact(said, classes[1]) : permuted(participants, classes));
}

/**
 * The exact test, from counts of participants.
 *
 * @returns null where a class has no participant
 */
export function chanceTestOf(counts: {
  readonly truePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
  readonly falsePositive: number;
}): ChanceTest | null {
  const positives = counts.truePositive + counts.falseNegative;
  const negatives = counts.trueNegative + counts.falsePositive;
  if (positives === 0 || negatives === 0) return null;
  return tested(
    upperTail(counts.truePositive, positives, negatives, counts.truePositive + counts.falsePositive),
  );
}

function tested(p: number): ChanceTest {
  return { p, aboveChance: p <= level + rounding };
}

function exact(said: readonly Said[], positive: number): number {
  const count = (of: (one: Said) => boolean) => said.filter(of).length;
  const positives = count(({ label }) => label === positive);
  return upperTail(
    count(({ label, predicted }) => label === positive && predicted === positive),
    positives,
    said.length - positives,
    count(({ predicted }) => predicted === positive),
  );
}

/** P(hits or more) where so many of all are called positive whatever they are; balanced accuracy rises with the hits alone. */
function upperTail(hits: number, positives: number, negatives: number, called: number): number {
  const most = Math.min(positives, called);
  const all = logChoose(positives + negatives, called);
  let p = 0;
  for (let k = Math.max(hits, called - negatives); k <= most; k++)
    p += Math.exp(logChoose(positives, k) + logChoose(negatives, called - k) - all);
  return Math.min(1, p);
}

function logChoose(n: number, k: number): number {
  if (k === 0 || k === n) return 0; // exactly
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/** Deals the participants' labels out anew; the order as it is counts as one of the draws. */
function permuted(participants: readonly (readonly Said[])[], classes: readonly number[]): number {
  const labels = participants.map(([first]) => classes.indexOf(first.label));
  const sessions = participants.map((own) => own.length);
  const called = participants.map((own) =>
    classes.map((name) => own.filter(({ predicted }) => predicted === name).length),
  );
  /** Balanced accuracy where participant i has the label of participant order[i]. */
  const accuracy = (order: readonly number[]) => {
    const right = new Float64Array(classes.length);
    const all = new Float64Array(classes.length);
    order.forEach((from, i) => {
      right[labels[from]] += called[i][labels[from]];
      all[labels[from]] += sessions[i];
    });
    return right.reduce((sum, count, c) => sum + count / all[c], 0) / classes.length;
  };
  const reached = accuracy(labels.map((_, i) => i)) - 1e-12;
  let asHigh = 1;
  for (let draw = 0; draw < draws; draw++)
    if (accuracy(new RandomStream(0, streams.chance, draw).permutation(labels.length)) >= reached)
      asHigh += 1;
  return asHigh / (draws + 1);
}

function byParticipant(said: readonly Said[]): Map<string, Said[]> {
  const groups = new Map<string, Said[]>();
  for (const one of said) groups.set(one.participantId, [...(groups.get(one.participantId) ?? []), one]);
  return groups;
}

import { RandomStream, streams } from '../engine/random.ts';
import { type ChanceTest, chanceTest } from './chance.ts';

/** One prediction of a two-sided question: is it the class under study? */
export interface Answer {
  readonly participantId: string;
  /** whether it truly is */
  readonly positive: boolean;
  /** whether the network says so */
  readonly predicted: boolean;
  /** the network's probability that it is */
  readonly probability: number;
}

/** How good answers are; NaN where a class has no case. */
export interface Scores {
  readonly balancedAccuracy: number;
  readonly sensitivity: number;
  readonly specificity: number;
  /** area under the receiver operating characteristic: how often a positive case has the higher probability */
  readonly auc: number;
}

/** Cases by what they are and what was said. */
export interface Confusion {
  readonly truePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
  readonly falsePositive: number;
}

/** A 95 % interval. */
export type Interval = readonly [low: number, high: number];

export interface Evaluation {
  readonly participants: number;
  readonly sessions: number;
  readonly confusion: Confusion;
  readonly scores: Scores;
  /** of the balanced accuracy; null where a class has no participant */
  readonly chance: ChanceTest | null;
  /** by bootstrap over participants */
  readonly intervals: Readonly<Record<keyof Scores, Interval>>;
}

const names = ['balancedAccuracy', 'sensitivity', 'specificity', 'auc'] as const satisfies (keyof Scores)[];

/**
 * Evaluates answers (paper, section 2.2.3: balanced accuracy is the mean of sensitivity and specificity), with intervals by
 * bootstrap: participants, with all their sessions, are drawn anew with replacement within each class; the interval spans the
 * middle 95 % of the scores.
 *
 * @param seed of the draws: the same answers and seed give the same intervals
 */
export function evaluate(answers: readonly Answer[], seed: number, resamples = 2000): Evaluation {
  const participants = [...grouped(answers).values()];
  const classes = [true, false].map((positive) =>
    participants.filter(([first]) => first.positive === positive),
  );
  const drawn = Array.from({ length: resamples }, (_, i) => {
    const random = new RandomStream(seed, streams.bootstrap, i);
    return scoresOf(
      classes.flatMap((members) => members.flatMap(() => members[random.below(members.length)])),
    );
  });
  const interval = (name: keyof Scores): Interval => {
    const values = drawn.map((scores) => scores[name]).sort((a, b) => a - b);
    return [quantile(values, 0.025), quantile(values, 0.975)];
  };
  return {
    participants: participants.length,
    sessions: answers.length,
    confusion: confusionOf(answers),
    scores: scoresOf(answers),
    chance: chanceTest(
      answers.map(({ participantId, positive, predicted }) => ({
        participantId,
        label: Number(positive),
        predicted: Number(predicted),
      })),
    ),
    intervals: Object.fromEntries(names.map((name) => [name, interval(name)])) as Evaluation['intervals'],
  };
}

export function confusionOf(answers: readonly Answer[]): Confusion {
  const count = (positive: boolean, predicted: boolean) =>
    answers.filter((answer) => answer.positive === positive && answer.predicted === predicted).length;
  return {
    truePositive: count(true, true),
    falseNegative: count(true, false),
    trueNegative: count(false, false),
    falsePositive: count(false, true),
  };
}

export function scoresOf(answers: readonly Answer[]): Scores {
  const { truePositive, falseNegative, trueNegative, falsePositive } = confusionOf(answers);
  const sensitivity = truePositive / (truePositive + falseNegative);
  const specificity = trueNegative / (trueNegative + falsePositive);
  return {
    balancedAccuracy: (sensitivity + specificity) / 2,
    sensitivity,
    specificity,
    auc: areaUnderCurve(answers),
  };
}

/** Area under the ROC curve: Mann and Whitney's statistic over the number of pairs, where ties count half. */
export function areaUnderCurve(answers: readonly Pick<Answer, 'probability' | 'positive'>[]): number {
  const sorted = [...answers].sort((a, b) => a.probability - b.probability);
  let [below, wins, positives] = [0, 0, 0];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end < sorted.length && sorted[end].probability === sorted[start].probability) end++;
    const tied = sorted.slice(start, end);
    const own = tied.filter(({ positive }) => positive).length;
    wins += own * (below + (tied.length - own) / 2);
    below += tied.length - own;
    positives += own;
    start = end;
  }
  return wins / (positives * below);
}

function grouped(answers: readonly Answer[]): Map<string, Answer[]> {
  const groups = new Map<string, Answer[]>();
  for (const answer of answers) {
    const group = groups.get(answer.participantId);
    if (group) group.push(answer);
    else groups.set(answer.participantId, [answer]);
  }
  return groups;
}

/** The value below which a share of the sorted values lies: between the two nearest ones, linearly. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  return sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}

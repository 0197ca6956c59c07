import type { Cohort } from '../cohort.ts';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { compareSessions, type Session } from '../session.ts';
import { chiSquaredTest, tTest } from '../statistics/tests.ts';
import { refuseLeaks } from './leaks.ts';
import { matchPairs, type Person, possibleMatches } from './matching.ts';
import { countText, participantsByDiagnosis, type Visits } from './participants.ts';
import { type Draw, drawsOf, shuffled } from './permutation.ts';

/** What a test set must be like. */
export interface TestSetOptions {
  /** participants in each of the two classes */
  readonly perClass: number;
  /** years by which the two of a matched pair may differ */
  readonly ageTolerance: number;
  /** both p-values, test set against rest, must exceed it */
  readonly threshold: number;
  /** draws at most */
  readonly draws: number;
  readonly seed: number;
}

export const testSetDefaults: TestSetOptions = {
  perClass: 100,
  ageTolerance: 2,
  threshold: 0.8,
  draws: 20_000,
  seed: 2,
};

/** p-values of Student's t-test on age, and of the chi-squared test on counts of sex. */
export interface Likeness {
  readonly age: number;
  readonly sex: number;
}

/** A test set, and what is left. */
export interface TestSet {
  /** The first session of each test participant. */
  readonly test: Session[];
  /** All sessions of all others. */
  readonly rest: Session[];
  /** how many draws it took */
  readonly draws: number;
  /** the most matched pairs that there are */
  readonly possiblePairs: number;
  /** test set against rest, at their first sessions */
  readonly againstRest: Likeness;
  /** the same within each diagnosis; matching between classes may keep these low where the classes differ */
  readonly againstRestByClass: Readonly<Record<string, Likeness>>;
  /** between the two classes of the test set */
  readonly betweenClasses: Likeness;
  /** participants whose age or sex is not known, who cannot be matched and stay in the rest */
  readonly unknown: string[];
}

/**
 * Draws a test set (section 2.2.1; docs/method.md): pairs of one participant of each class, of the same sex and of nearly
 * the same age, drawn anew until neither age nor sex differ between the test set and the rest (both p above the
 * threshold). Deterministic: the same cohort and seed give the same set on every platform, in whatever order the
 * rows stand.
 *
 * @throws InputError when there are not two classes, fewer pairs than asked for (with how many there are), nothing would be
 *   left, or no draw is alike enough (with the best that was found)
 */
export function drawTestSet(cohort: Cohort, options: TestSetOptions): TestSet {
  const { perClass, ageTolerance, threshold, draws, seed } = options;
  const classes = [...participantsByDiagnosis(cohort)];
  if (classes.length !== 2) {
    throw new InputError(
      cohort.path,
      `has the diagnoses ${listed(classes.map(([name]) => name))}; a matched test set takes two`,
      'Choose two with --classes',
    );
  }
  const [ones, others] = classes.map(([, participants]) => participants.filter(isKnown));
  const possible = possibleMatches(ones.map(asPerson), others.map(asPerson), ageTolerance);
  const possiblePairs = matchPairs(possible, indices(ones)).length;
  refuseImpossible(cohort.path, classes, possiblePairs, options);
  const draw = drawsOf(seed);
  let best = Number.NEGATIVE_INFINITY;
  for (let tried = 1; tried <= draws; tried++) {
    const pairs = drawPairs(possible, ones.length, others.length, perClass, draw);
    const chosen = [pairs.map(([one]) => ones[one]), pairs.map(([, other]) => others[other])];
    const left = classes.map(([, participants], c) => without(participants, chosen[c]));
    const againstRest = compare(chosen.flat(), left.flat());
    // What cannot be tested (no known age in the rest) cannot differ either; its p is NaN, and told as such.
    const tested = Object.values(againstRest).filter((p) => !Number.isNaN(p));
    best = Math.max(best, Math.min(...tested));
    if (!tested.every((p) => p > threshold)) continue;
    return {
      ...setsOf(chosen, left),
      draws: tried,
      possiblePairs,
      againstRest,
      againstRestByClass: Object.fromEntries(classes.map(([name], c) => [name, compare(chosen[c], left[c])])),
      betweenClasses: compare(chosen[0], chosen[1]),
      unknown: classes.flatMap(([, participants]) =>
        participants.filter((visits) => !isKnown(visits)).map(([first]) => first.participantId),
      ),
    };
  }
  throw new InputError(
    cohort.path,
    `none of ${draws} draws of ${perClass} pairs is alike to the rest: the smallest p-value was ${best.toFixed(3)} at best, ` +
      `and must exceed ${threshold}`,
    'Lower --p-value, ask for fewer participants, or widen --age-tolerance',
  );
}

function refuseImpossible(
  where: string,
  classes: readonly [string, Visits[]][],
  possiblePairs: number,
  { perClass, ageTolerance }: TestSetOptions,
): void {
  for (const [name, participants] of classes) {
    if (participants.length > perClass) continue;
    throw new InputError(
      where,
      `has ${countText(participants.length, name)}; a test set of ${perClass} leaves none to train with`,
      'Ask for fewer participants',
    );
  }
  if (possiblePairs >= perClass) return;
  const [one, other] = classes.map(([name, participants]) => {
    const known = participants.filter(isKnown).length;
    return `${known} ${name}${known < participants.length ? ` of known age and sex (of ${participants.length})` : ''}`;
  });
  throw new InputError(
    where,
    `has ${possiblePairs} pairs of the same sex whose ages differ by ${ageTolerance} years at most ` +
      `(from ${one} and ${other}), not ${perClass}`,
    `Ask for ${possiblePairs} or fewer, or widen --age-tolerance`,
  );
}

function drawPairs(
  possible: readonly (readonly number[])[],
  ones: number,
  others: number,
  most: number,
  draw: Draw,
): [number, number][] {
  const rank = shuffled(
    Array.from({ length: others }, (_, j) => j),
    draw,
  );
  const preferred = possible.map((list) => [...list].sort((a, b) => rank[a] - rank[b]));
  return matchPairs(
    preferred,
    shuffled(
      Array.from({ length: ones }, (_, i) => i),
      draw,
    ),
    most,
  );
}

/** Age by a t-test, sex by a chi-squared test on counts, at the first sessions; what is not known is left out. */
export function compare(some: readonly Visits[], others: readonly Visits[]): Likeness {
  const ages = (group: readonly Visits[]) =>
    group.flatMap(([first]) => (first.age === null ? [] : [first.age]));
  const sexes = (group: readonly Visits[]) =>
    ['F', 'M'].map((sex) => group.filter(([first]) => first.sex === sex).length);
  return {
    age: tTest(ages(some), ages(others)).p,
    sex: chiSquaredTest([sexes(some), sexes(others)]).p,
  };
}

function setsOf(chosen: readonly Visits[][], left: readonly Visits[][]) {
  const test = chosen
    .flat()
    .map(([first]) => first)
    .sort(compareSessions);
  const rest = left.flat(2).sort(compareSessions);
  refuseLeaks({ test, rest });
  return { test, rest };
}

function without(all: readonly Visits[], some: readonly Visits[]): Visits[] {
  const left = new Set(some);
  return all.filter((visits) => !left.has(visits));
}

function isKnown([first]: Visits): boolean {
  return first.age !== null && first.sex !== null;
}

function asPerson([{ age, sex }]: Visits): Person {
  return { age: age ?? Number.NaN, sex: sex ?? '' };
}

function indices(items: readonly unknown[]): number[] {
  return items.map((_, i) => i);
}

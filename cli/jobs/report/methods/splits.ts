import path from 'node:path';
import { type Context, locate, resultsOf } from '../context.ts';
import { readTrainings, trainingResults } from '../networks.ts';
import { numberOf } from '../numbers.ts';
import type { Result } from '../results.ts';
import type { Shown } from '../shown.ts';
import { testParticipants, trainedImages } from '../used-images.ts';
import { joined, recorded, some } from './sharing.ts';

/** How the participants were divided, as far as the trainings used that division. */
export function splitsText(context: Context): Shown | null {
  const sentences = [...testSet(context), ...folds(context)];
  return sentences.length > 0 ? joined(context.identity, ' ', sentences) : null;
}

/** Said of a test set that no training has touched. */
function testSet(context: Context): Shown[] {
  const { identity } = context;
  const { say } = identity;
  const { images, unrecorded } = trainedImages(context);
  return resultsOf(context, 'split test').flatMap((test) => {
    const participants = testParticipants(test);
    const perClass = numberOf(test.options.perClass);
    const drawn = say`A test set of ${perClass ?? say`several`} participants per class, matched in age and sex, was drawn (both p-values against the others above ${recorded(identity, test.options.threshold)})`;
    if (unrecorded > 0 || images.length === 0 || participants === null) return [say`${drawn}.`];
    const apart = !images.some(({ participantId }) => participants.has(participantId));
    return [apart ? say`${drawn}; no network was trained or validated on it.` : say`${drawn}.`];
  });
}

interface Division {
  readonly folds: number | null;
  readonly seed: number | null;
  readonly published: boolean;
}

/** Trainings by the division that each of them used, with how it was drawn. */
function folds(context: Context): Shown[] {
  const { say } = context.identity;
  const named = readTrainings(context);
  const groups = new Map<string, { division: Division; names: Shown[] }>();
  trainingResults(context).forEach((result, i) => {
    const division = divisionOf(context, result);
    const key = JSON.stringify(division);
    const group = groups.get(key) ?? { division, names: [] };
    group.names.push(named[i].name);
    groups.set(key, group);
  });
  const whose = ({ names }: { names: readonly Shown[] }) =>
    groups.size > 1 ? say` for ${some(context.identity, names)}` : say``;
  return [...groups.values()].map((group) => {
    const { folds, seed, published } = group.division;
    if (folds === null)
      return say`Training and validation sets were read from a table${whose(group)}, no participant in both.`;
    return say`Participants were divided into ${folds} folds${whose(group)}, stratified by diagnosis, no participant on two sides${published ? say` (the published permutation)` : say``}${seed === null ? say`` : say` (seed ${seed})`}.`;
  });
}

/** The division of "split kfold" where the training was given it, else its own; unknown where it read another table. */
function divisionOf(context: Context, training: Result): Division {
  const { split } = training.options;
  if (typeof split !== 'string')
    return {
      folds: numberOf(training.options.folds),
      seed: numberOf(training.options.splitSeed),
      published: false,
    };
  const kfold = kfoldOf(context, training);
  return {
    folds: numberOf(kfold?.options.folds),
    seed: numberOf(kfold?.options.seed),
    published: kfold?.options.method === 'published',
  };
}

/** The run of "split kfold" whose folds a training used; undefined where it used others. */
export function kfoldOf(context: Context, training: Result): Result | undefined {
  const place = locate(context, training.options.split, training.folder);
  if (place === null) return undefined;
  return resultsOf(context, 'split kfold').find(
    ({ folder }) => !path.relative(folder, place).startsWith('..'),
  );
}

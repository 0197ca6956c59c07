import { statSync } from 'node:fs';
import { modelsIn } from '../../../model/model-folder.ts';
import { fileDigest } from '../digest.ts';
import { type Context, locate, resultsOf, warn } from './context.ts';
import type { FoundMask } from './masks.ts';
import { usedAtlases } from './methods/atlas.ts';
import { some } from './methods/sharing.ts';
import { kfoldOf } from './methods/splits.ts';
import { readTrainings, trainingResults } from './networks.ts';
import { member, textOf } from './numbers.ts';
import type { Shown } from './shown.ts';
import { among, qualityChecks, testParticipants, trainedImages } from './used-images.ts';

/** Warns where the folders of one report contradict each other: each by itself is sound, together they tell another story. */
export function addDisagreements(context: Context, masks: readonly FoundMask[]): void {
  rejectedImages(context);
  testSet(context);
  folds(context);
  cohorts(context);
  masksOfOtherNetworks(context, masks);
  atlases(context);
  versions(context);
}

function rejectedImages(context: Context): void {
  const { say, participant, session } = context.identity;
  const { images: trained } = trainedImages(context);
  for (const { images } of qualityChecks(context)) {
    const used = among(
      images.filter(({ verdict }) => verdict === 'rejected'),
      trained,
    );
    if (used.length === 0) continue;
    const names = used.map(
      ({ participantId, sessionId }) =>
        say`${participant(participantId)} ${session(participantId, sessionId)}`,
    );
    warn(
      context,
      'warning',
      say`The quality check rejected ${used.length} of the images that networks were trained or validated on: ${some(context.identity, names)}. Train on the table that the check wrote.`,
    );
  }
}

function testSet(context: Context): void {
  const { say } = context.identity;
  const { images } = trainedImages(context);
  for (const test of resultsOf(context, 'split test')) {
    const participants = testParticipants(test);
    const both = new Set(
      images.map(({ participantId }) => participantId).filter((id) => participants?.has(id)),
    );
    if (both.size > 0)
      warn(
        context,
        'warning',
        say`${both.size} participants of the test set are among those that networks were trained or validated on: results on the test set are too good.`,
      );
  }
}

function folds(context: Context): void {
  const { say } = context.identity;
  if (resultsOf(context, 'split kfold').length === 0) return;
  const names = readTrainings(context).map(({ name }) => name);
  const others = names.filter((_, i) => kfoldOf(context, trainingResults(context)[i]) === undefined);
  if (others.length > 0)
    warn(
      context,
      'warning',
      say`These networks were not trained on the folds that "split kfold" drew here: ${some(context.identity, others)}.`,
    );
}

function cohorts(context: Context): void {
  const { say } = context.identity;
  const tables = new Set(
    trainingResults(context).map(
      ({ options, folder }) => locate(context, options.cohort, folder) ?? textOf(options.cohort) ?? '',
    ),
  );
  if (tables.size > 1)
    warn(
      context,
      'warning',
      say`The networks were trained on ${tables.size} tables of a cohort: their accuracies and masks differ by the images too.`,
    );
}

/** A mask belongs to the networks of the report only if it was made with the file that is there now. */
function masksOfOtherNetworks(context: Context, masks: readonly FoundMask[]): void {
  const { say } = context.identity;
  const makers = [...trainingResults(context), ...resultsOf(context, 'feedback')];
  const trained = makers.flatMap(({ folder }) => modelsIn(folder));
  if (trained.length === 0) return;
  const digests = new Map<string, string>();
  const digestOf = (file: string) => {
    const digest = digests.get(file) ?? fileDigest(file);
    digests.set(file, digest);
    return digest;
  };
  const foreign: Shown[] = [];
  const changed: Shown[] = [];
  for (const { name, result } of masks) {
    const place = locate(context, result.options.model, result.folder);
    const file = place === null ? undefined : modelOf(place);
    if (file === undefined) continue;
    if (!trained.includes(file)) foreign.push(name);
    const made = textOf(member(result.results, 'identity', 'model'));
    if (made !== null && digestOf(file) !== made) changed.push(name);
  }
  if (foreign.length > 0)
    warn(
      context,
      'warning',
      say`These masks are of networks whose training is not in this report: ${some(context.identity, foreign)}.`,
    );
  if (changed.length > 0)
    warn(
      context,
      'warning',
      say`The network has changed since these masks were made: ${some(context.identity, changed)}. Make them again.`,
    );
}

/** The model at a place; undefined where there is none, or several. */
function modelOf(place: string): string | undefined {
  if (!statSync(place).isDirectory()) return place;
  const files = modelsIn(place);
  return files.length === 1 ? files[0] : undefined;
}

function atlases(context: Context): void {
  const { say } = context.identity;
  const count = usedAtlases(context).length;
  if (count > 1)
    warn(
      context,
      'warning',
      say`Regions were measured in ${count} atlases: densities and similarities of one cannot be compared with those of another.`,
    );
}

function versions(context: Context): void {
  const { say, machine } = context.identity;
  const all = new Set(context.results.flatMap(({ sidecar }) => sidecar.versions?.voxmask ?? []));
  if (all.size > 1)
    warn(
      context,
      'warning',
      say`Made by several versions of voxmask: ${some(context.identity, [...all].map(machine))}.`,
    );
}

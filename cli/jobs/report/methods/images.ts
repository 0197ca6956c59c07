import { describeGrid } from '../../../../cohort/volume.ts';
import type { TextCell } from '../../../../report/text-table.ts';
import { type Context, resultsOf } from '../context.ts';
import type { Identity } from '../identity.ts';
import { member, numberOf } from '../numbers.ts';
import type { Sealed, Shown } from '../shown.ts';
import { among, qualityChecks, type TrainedImages, trainedImages } from '../used-images.ts';
import type { MethodsOf } from './index.ts';
import { joined, recorded } from './sharing.ts';

/** Which images there are, which of them trained the networks, and what the quality check found. */
export function imagesText(context: Context, { grid, demographics, quality }: MethodsOf): Shown | null {
  const { identity } = context;
  const { say, from } = identity;
  const trained = trainedImages(context);
  const aboveOne = quality.some((one) => one.aboveOne > 0);
  const groups = (demographics?.rows ?? []).map(
    ([cohort, label, participants, sessions]) =>
      say`${cell(identity, participants)} ${cell(identity, label)} participants with ${cell(identity, sessions)} sessions (${cell(identity, cohort)})`,
  );
  const sentences = [
    ...(grid
      ? [
          say`Images were gray-matter ${aboveOne ? say`maps, some with values above 1,` : say`probability maps`} of ${from(describeGrid, grid)}.`,
        ]
      : []),
    ...resampled(context),
    ...(groups.length > 0 ? [say`The tables of the cohorts list ${joined(identity, ', ', groups)}.`] : []),
    ...used(context, trained),
    ...checks(context, trained),
  ];
  return sentences.length > 0 ? joined(identity, ' ', sentences) : null;
}

function cell({ say }: Identity, content: Sealed<TextCell>): Shown | number {
  return content ?? say`n/a`;
}

function resampled(context: Context): Shown[] {
  const { say } = context.identity;
  const moved = resultsOf(context, 'cohort build')
    .map(({ results }) => numberOf(results.resampled) ?? 0)
    .reduce((sum, count) => sum + count, 0);
  return moved > 0
    ? [say`Images on another grid (${moved}) were resampled to it with trilinear interpolation.`]
    : [];
}

function used({ identity }: Context, { images, unrecorded }: TrainedImages): Shown[] {
  if (images.length === 0) return [];
  const { say, className } = identity;
  const classes = [...new Set(images.map(({ diagnosis }) => diagnosis))].map((diagnosis) => {
    const own = images.filter((image) => image.diagnosis === diagnosis);
    const participants = new Set(own.map(({ participantId }) => participantId)).size;
    return say`${participants} ${className(diagnosis)} ${participants === 1 ? say`participant` : say`participants`} (${own.length} ${own.length === 1 ? say`session` : say`sessions`})`;
  });
  return [
    say`Networks were trained and validated on ${joined(identity, ' and ', classes)}${unrecorded > 0 ? say`, apart from ${unrecorded} whose records do not list their images` : say``}.`,
  ];
}

function checks(context: Context, trained: TrainedImages): Shown[] {
  return qualityChecks(context).flatMap(({ check, images }) => {
    const { identity } = context;
    const { say } = identity;
    const rejected = images.filter(({ verdict }) => verdict === 'rejected');
    const used = among(rejected, trained.images).length;
    const found = say`A quality check of ${images.length} maps (highest value at least ${recorded(identity, member(check.options, 'minimum'))}) rejected ${rejected.length}`;
    if (rejected.length === 0) return [say`${found}.`];
    if (trained.unrecorded > 0 || trained.images.length === 0)
      return [say`${found}; the records do not say whether networks were trained on them.`];
    return [
      used === 0
        ? say`${found}, and no network was trained or validated on ${rejected.length === 1 ? say`it` : say`them`}.`
        : say`${found}, of which ${used} ${used === 1 ? say`is` : say`are`} among the images that networks were trained or validated on.`,
    ];
  });
}

import { renderGlassBrain } from '../../../report/glass-brain.ts';
import { renderMosaic } from '../../../report/mosaic.ts';
import type { Picture, ViewerData } from '../../../report/page/data.ts';
import { mainMasks } from '../../../report/page/rules.ts';
import { type Brain, readBrain, viewerOf } from './brain.ts';
import type { Context } from './context.ts';
import { explained, gridPictures } from './drawn-before.ts';
import { type FoundMask, loadMasks, meanMask } from './masks.ts';
import { chosenSessions, foldPictures, sessionPictures } from './mosaics.ts';
import type { Sealed, Shown } from './shown.ts';

/** What of a report is seen. */
export interface Pictures {
  readonly answer: Sealed<Picture> | null;
  readonly mosaics: readonly Sealed<Picture>[];
  readonly glassBrains: readonly Sealed<Picture>[];
  readonly others: readonly Sealed<Picture>[];
  readonly viewer: Sealed<ViewerData> | null;
}

const mostGroups = 24;

/** Draws the masks: figures 3 to 6, projections, and the volumes of the viewer. */
export function readPictures(
  context: Context,
  masks: readonly FoundMask[],
  background: string | null,
): Pictures {
  const { say } = context.identity;
  const groups = masks.filter(({ kind }) => kind === 'group').slice(0, mostGroups);
  const sessions = chosenSessions(masks);
  const found = loadMasks(context, [...groups, ...sessions.flat()]);
  if (!found)
    return {
      answer: null,
      mosaics: gridPictures(context, null),
      glassBrains: [],
      others: explained(context, null),
      viewer: null,
    };
  const { volume, loaded } = found;
  const brain = readBrain(context, loaded[0].mask, volume.grid, background);
  const group = loaded.filter(({ mask }) => mask.kind === 'group');
  const main = mainMasks(group.map(({ mask }) => mask));
  const own = group.filter(({ mask }) => main.includes(mask));
  const single = loaded.filter(({ mask }) => mask.kind === 'session');
  const mean =
    own.length > 1
      ? { name: say`mean of ${own.length} group masks`, data: meanMask(own.map(({ data }) => data)) }
      : null;
  const named = group.map(({ mask, data }) => ({ name: mask.name, data }));
  const meanOfSessions =
    single.length > 1
      ? [
          {
            name: say`mean of ${single.length} session masks`,
            data: meanMask(single.map(({ data }) => data)),
          },
        ]
      : [];
  const shown = [
    ...(mean ? [mean] : []),
    ...named,
    ...meanOfSessions,
    ...(named.length === 0 ? single.map(({ mask, data }) => ({ name: mask.name, data })) : []),
  ];
  return {
    answer: answerPicture(context, brain, mean ?? shown[0], loaded[0].mask.className),
    mosaics: [
      ...gridPictures(context, brain),
      ...foldPictures(context, brain, group),
      ...sessionPictures(context, brain, sessions, single),
    ],
    glassBrains: [glass(context, brain, shown)],
    others: explained(context, brain),
    viewer: viewerOf(context, brain, shown, loaded[0].mask),
  };
}

function answerPicture(
  { identity: { say, from } }: Context,
  { grid, gray }: Brain,
  { name, data }: { name: Shown; data: Float32Array },
  className: Shown,
): Sealed<Picture> {
  const title = say`Regions that the networks need to see ${className}: ${name}`;
  return {
    name: say`answer`,
    png: from(renderMosaic, { grid, background: gray, mask: data, title, columns: 5 }),
    alt: say`Coronal, axial and sagittal slices: where the mask (${name}) hides gray matter`,
    caption: say`${name}, over mean gray matter. The warmer, the more is hidden. Left is left.`,
  };
}

function glass(
  { identity: { say, from } }: Context,
  { grid, gray }: Brain,
  masks: readonly { readonly name: Shown; readonly data: Float32Array }[],
): Sealed<Picture> {
  return {
    name: say`glass-brain`,
    png: from(renderGlassBrain, {
      title: say`Maximum projections of 1 - m`,
      grid,
      background: gray,
      masks: masks.slice(0, 8).map(({ name, data }) => ({ heading: name, mask: data })),
    }),
    alt: say`Masks seen through the brain from the front, from above and from the side`,
    caption:
      masks.length > 8
        ? say`The first 8 of ${masks.length} masks; the viewer has them all.`
        : say`From the front, from above, and from the side (the face looks right).`,
  };
}

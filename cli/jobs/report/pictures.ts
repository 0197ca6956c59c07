import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { renderGlassBrain } from '../../../report/glass-brain.ts';
import { renderMosaic } from '../../../report/mosaic.ts';
import type { Picture, ViewerData } from '../../../report/page/data.ts';
import { mainMasks } from '../../../report/page/rules.ts';
import { type Brain, readBrain, viewerOf } from './brain.ts';
import { type Context, resultsOf } from './context.ts';
import { type FoundMask, loadMasks, meanMask } from './masks.ts';
import { chosenSessions, foldPictures, sessionPictures } from './mosaics.ts';

/** What of a report is seen. */
export interface Pictures {
  readonly answer: Picture | null;
  readonly mosaics: readonly Picture[];
  readonly glassBrains: readonly Picture[];
  readonly others: readonly Picture[];
  readonly viewer: ViewerData | null;
}

const mostGroups = 24;

/** Draws the masks: figures 3 to 6, projections, and the volumes of the viewer. */
export function readPictures(
  context: Context,
  masks: readonly FoundMask[],
  background: string | null,
): Pictures {
  const groups = masks.filter(({ kind }) => kind === 'group').slice(0, mostGroups);
  const sessions = chosenSessions(masks);
  const found = loadMasks(context, [...groups, ...sessions.flat()]);
  if (!found)
    return {
      answer: null,
      mosaics: gridPictures(context),
      glassBrains: [],
      others: explained(context),
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
      ? { name: `mean of ${own.length} group masks`, data: meanMask(own.map(({ data }) => data)) }
      : null;
  const named = group.map(({ mask, data }) => ({ name: mask.name, data }));
  const meanOfSessions =
    single.length > 1
      ? [{ name: `mean of ${single.length} session masks`, data: meanMask(single.map(({ data }) => data)) }]
      : [];
  const shown = [
    ...(mean ? [mean] : []),
    ...named,
    ...meanOfSessions,
    ...(named.length === 0 ? single.map(({ mask, data }) => ({ name: mask.name, data })) : []),
  ];
  return {
    answer: answerPicture(brain, mean ?? shown[0], loaded[0].mask.className),
    mosaics: [
      ...gridPictures(context),
      ...foldPictures(brain, group),
      ...sessionPictures(brain, sessions, single),
    ],
    glassBrains: [glass(brain, shown)],
    others: explained(context),
    viewer: viewerOf(context, brain, shown, loaded[0].mask),
  };
}

function answerPicture(
  { grid, gray }: Brain,
  { name, data }: { name: string; data: Float32Array },
  className: string,
): Picture {
  const title = `Regions that the networks need to see ${className}: ${name}`;
  return {
    name: 'answer',
    png: renderMosaic({ grid, background: gray, mask: data, title, columns: 5 }),
    alt: `Coronal, axial and sagittal slices: where the mask (${name}) hides gray matter`,
    caption: `${name}, over mean gray matter. The warmer, the more is hidden. Left is left.`,
  };
}

function glass(
  { grid, gray }: Brain,
  masks: readonly { readonly name: string; readonly data: Float32Array }[],
): Picture {
  return {
    name: 'glass-brain',
    png: renderGlassBrain({
      title: 'Maximum projections of 1 - m',
      grid,
      background: gray,
      masks: masks.slice(0, 8).map(({ name, data }) => ({ heading: name, mask: data })),
    }),
    alt: 'Masks seen through the brain from the front, from above and from the side',
    caption:
      masks.length > 8
        ? `The first 8 of ${masks.length} masks; the viewer has them all.`
        : 'From the front, from above, and from the side (the face looks right).',
  };
}

/** Figures 3 and 4, as the grid drew them. */
function gridPictures(context: Context): Picture[] {
  return resultsOf(context, 'grid').flatMap(({ folder }) =>
    ['betas', 'lambdas', ...stagesOf(folder)].flatMap((stage, i, all) => {
      const file = path.join(folder, `masks_${stage}.png`);
      if (all.indexOf(stage) !== i || !existsSync(file)) return [];
      return [
        {
          name: `grid_${stage}`,
          png: readFileSync(file),
          alt: `Coronal slices of masks over the options of the stage ${stage}`,
          caption: `Masks over the weights and powers of the objective (${stage}), as in figures 3 and 4 of the paper.`,
        },
      ];
    }),
  );
}

function stagesOf(folder: string): string[] {
  const file = path.join(folder, 'points.tsv');
  if (!existsSync(file)) return [];
  return [
    ...new Set(
      readFileSync(file, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t')[0]),
    ),
  ].filter((stage) => stage !== '');
}

/** Maps of other methods. */
function explained(context: Context): Picture[] {
  return resultsOf(context, 'explain').flatMap(({ folder, place }) => {
    const file = path.join(folder, 'mosaic.png');
    const name = context.identity.text(place.split('/').pop() ?? '');
    return existsSync(file)
      ? [
          {
            name: `explain_${name.replace(/\W+/g, '-')}`,
            png: readFileSync(file),
            alt: `Slices of the ${name} map`,
            caption: `${name}: what another method of explanation shows.`,
          },
        ]
      : [];
  });
}

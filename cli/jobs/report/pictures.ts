import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { renderGlassBrain } from '../../../report/glass-brain.ts';
import { renderMaskTable } from '../../../report/mask-table.ts';
import { renderMosaic } from '../../../report/mosaic.ts';
import type { Picture, ViewerData } from '../../../report/page/data.ts';
import { mainMasks } from '../../../report/page/rules.ts';
import { type Brain, readBrain, viewerOf } from './brain.ts';
import { type Context, resultsOf } from './context.ts';
import { type FoundMask, type LoadedMask, loadMasks, meanMask } from './masks.ts';

/** What of a report is seen. */
export interface Pictures {
  readonly answer: Picture | null;
  readonly mosaics: readonly Picture[];
  readonly glassBrains: readonly Picture[];
  readonly others: readonly Picture[];
  readonly viewer: ViewerData | null;
}

const mostGroups = 24;
const mostParticipants = 6;
const mostSessions = 5;

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

/** Figures 5 and 6: folds of both cohorts, and runs of a fold; one fold alone is in the answer already. */
function foldPictures({ grid, gray }: Brain, loaded: readonly LoadedMask[]): Picture[] {
  const tile = (heading: (mask: FoundMask) => string) => (one: LoadedMask) => ({
    heading: heading(one.mask),
    mask: one.data,
  });
  const byFold = tile(({ fold, name }) => (fold === null ? name : `fold ${fold}`));
  const first = loaded.filter(({ mask }) => (mask.run ?? 0) === 0);
  const training = first.filter(({ mask }) => !mask.independent);
  const cohorts = [...new Set(first.map(({ mask }) => mask.cohort))];
  const pictures: Picture[] = [];
  if (first.length > training.length) {
    const folds = [...new Set(first.map(({ mask }) => mask.fold))];
    const rows = cohorts.map((cohort) => ({
      heading: cohort,
      tiles: folds.map((fold) => {
        const one = first.find(({ mask }) => mask.cohort === cohort && mask.fold === fold);
        return one ? byFold(one) : null;
      }),
    }));
    pictures.push({
      name: 'group-masks_cohorts',
      png: renderMaskTable({ title: 'Group masks of both cohorts', grid, background: gray, rows }),
      alt: 'Coronal slices: a row per cohort, a column per fold',
      caption: 'Group masks by cohort (rows) and fold, as in figure 5 of the paper.',
    });
  }
  const run = (one: LoadedMask) => one.mask.run ?? 0;
  const several = loaded.filter(
    ({ mask }) =>
      !mask.independent &&
      loaded.some((other) => other.mask.fold === mask.fold && !other.mask.independent && run(other) > 0),
  );
  if (training.length > 1 || several.length > 1) {
    const rows = [
      ...(training.length > 1 ? [{ heading: 'folds', tiles: training.map(byFold) }] : []),
      ...(several.length > 1
        ? [
            {
              heading: `runs of fold ${several[0].mask.fold}`,
              tiles: several
                .filter(({ mask }) => mask.fold === several[0].mask.fold)
                .map(tile(({ run: at }) => `run ${at ?? 0}`)),
            },
          ]
        : []),
    ];
    pictures.push({
      name: 'group-masks_training',
      png: renderMaskTable({ title: 'Group masks of retrained networks', grid, background: gray, rows }),
      alt: 'Coronal slices: masks of the folds, and of the runs of one fold',
      caption:
        'Group masks of the folds, and of runs of one fold that differ in their initialisation, as in figure 6 of the paper.',
    });
  }
  return pictures;
}

/** The first participants with most sessions, and of each the first sessions. */
function chosenSessions(masks: readonly FoundMask[]): FoundMask[][] {
  const byParticipant = new Map<string, FoundMask[]>();
  for (const mask of masks.filter(({ kind }) => kind === 'session')) {
    const id = String(mask.result.results.participantId);
    byParticipant.set(id, [...(byParticipant.get(id) ?? []), mask]);
  }
  return [...byParticipant.values()]
    .sort((a, b) => b.length - a.length)
    .slice(0, mostParticipants)
    .map((sessions) => sessions.slice(0, mostSessions));
}

function sessionPictures(
  { grid, gray }: Brain,
  chosen: readonly FoundMask[][],
  loaded: readonly LoadedMask[],
): Picture[] {
  if (loaded.length === 0) return [];
  const tilesOf = (sessions: readonly FoundMask[], heading: (mask: FoundMask) => string) =>
    sessions.flatMap((mask) => {
      const one = loaded.find((other) => other.mask === mask);
      return one ? [{ heading: heading(mask), mask: one.data }] : [];
    });
  const short = (name: string) => (name.length > 14 ? `${name.slice(0, 13)}…` : name);
  const participant = ({ name }: FoundMask) => short(name.split(' ')[0]);
  const single = chosen.every(({ length }) => length === 1);
  const rows = single
    ? [{ heading: 'one session each', tiles: tilesOf(chosen.flat(), participant) }]
    : chosen.map((sessions) => ({
        heading: participant(sessions[0]),
        tiles: tilesOf(sessions, ({ result }) => String(result.results.sessionId)),
      }));
  return [
    {
      name: 'session-masks',
      png: renderMaskTable({ title: 'Masks of single sessions', grid, background: gray, rows }),
      alt: `Coronal slices: a ${single ? 'column' : 'row'} per participant`,
      caption: `Masks of single sessions: a ${single ? 'column' : 'row'} per participant, over mean gray matter.`,
    },
  ];
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

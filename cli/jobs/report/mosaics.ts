import { renderMaskTable } from '../../../report/mask-table.ts';
import type { Picture } from '../../../report/page/data.ts';
import type { Brain } from './brain.ts';
import type { FoundMask, LoadedMask } from './masks.ts';

const mostParticipants = 6;
const mostSessions = 5;

/** Figures 5 and 6: folds of both cohorts, and runs of a fold; one fold alone is in the answer already. */
export function foldPictures({ grid, gray }: Brain, loaded: readonly LoadedMask[]): Picture[] {
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
export function chosenSessions(masks: readonly FoundMask[]): FoundMask[][] {
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

/** A row of participants, or a row of sessions per participant. */
export function sessionPictures(
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

import { renderMaskTable } from '../../../report/mask-table.ts';
import type { Picture } from '../../../report/page/data.ts';
import type { Brain } from './brain.ts';
import type { Context } from './context.ts';
import type { FoundMask, LoadedMask } from './masks.ts';
import type { Sealed, Shown } from './shown.ts';

const mostParticipants = 6;
const mostSessions = 5;

/** Figures 5 and 6: folds of both cohorts, and runs of a fold; one fold alone is in the answer already. */
export function foldPictures(
  { identity: { say, from } }: Context,
  { grid, gray }: Brain,
  loaded: readonly LoadedMask[],
): Sealed<Picture>[] {
  const tile = (heading: (mask: FoundMask) => Shown) => (one: LoadedMask) => ({
    heading: heading(one.mask),
    mask: one.data,
  });
  const byFold = tile(({ fold, name }) => (fold === null ? name : say`fold ${fold}`));
  const first = loaded.filter(({ mask }) => (mask.run ?? 0) === 0);
  const training = first.filter(({ mask }) => !mask.independent);
  const cohorts = [...new Set(first.map(({ mask }) => mask.cohort))];
  const pictures: Sealed<Picture>[] = [];
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
      name: say`group-masks_cohorts`,
      png: from(renderMaskTable, {
        title: say`Group masks of both cohorts`,
        grid,
        background: gray,
        rows,
      }),
      alt: say`Coronal slices: a row per cohort, a column per fold`,
      caption: say`Group masks by cohort (rows) and fold, as in figure 5 of the paper.`,
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
      ...(training.length > 1 ? [{ heading: say`folds`, tiles: training.map(byFold) }] : []),
      ...(several.length > 1
        ? [
            {
              heading: say`runs of fold ${several[0].mask.fold ?? say`null`}`,
              tiles: several
                .filter(({ mask }) => mask.fold === several[0].mask.fold)
                .map(tile(({ run: at }) => say`run ${at ?? 0}`)),
            },
          ]
        : []),
    ];
    pictures.push({
      name: say`group-masks_training`,
      png: from(renderMaskTable, {
        title: say`Group masks of retrained networks`,
        grid,
        background: gray,
        rows,
      }),
      alt: say`Coronal slices: masks of the folds, and of the runs of one fold`,
      caption: say`Group masks of the folds, and of runs of one fold that differ in their initialisation, as in figure 6 of the paper.`,
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
  { identity }: Context,
  { grid, gray }: Brain,
  chosen: readonly FoundMask[][],
  loaded: readonly LoadedMask[],
): Sealed<Picture>[] {
  if (loaded.length === 0) return [];
  const { say, from } = identity;
  const tilesOf = (sessions: readonly FoundMask[], heading: (mask: FoundMask) => Shown) =>
    sessions.flatMap((mask) => {
      const one = loaded.find((other) => other.mask === mask);
      return one ? [{ heading: heading(mask), mask: one.data }] : [];
    });
  const short = (name: string) => (name.length > 14 ? `${name.slice(0, 13)}…` : name);
  const idOf = ({ result }: FoundMask) => String(result.results.participantId);
  const participant = (mask: FoundMask) => from(short, identity.participant(idOf(mask)));
  const session = (mask: FoundMask) => identity.session(idOf(mask), String(mask.result.results.sessionId));
  const single = chosen.every(({ length }) => length === 1);
  const line = single ? say`column` : say`row`;
  const rows = single
    ? [{ heading: say`one session each`, tiles: tilesOf(chosen.flat(), participant) }]
    : chosen.map((sessions) => ({
        heading: participant(sessions[0]),
        tiles: tilesOf(sessions, session),
      }));
  return [
    {
      name: say`session-masks`,
      png: from(renderMaskTable, {
        title: say`Masks of single sessions`,
        grid,
        background: gray,
        rows,
      }),
      alt: say`Coronal slices: a ${line} per participant`,
      caption: say`Masks of single sessions: a ${line} per participant, over mean gray matter.`,
    },
  ];
}

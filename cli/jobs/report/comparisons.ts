import { isMissing, type Table } from '../../../cohort/table.ts';
import { marksOf, readState } from '../../../masking/mask-state.ts';
import type { Matrix, PairKind, PairSummary, Spread } from '../../../report/page/data.ts';
import { type Context, cohortName, resultsOf } from './context.ts';
import { gridMatrices } from './grids.ts';
import { matrix, tableIn } from './matrix.ts';
import { numberOf } from './numbers.ts';
import type { Result } from './results.ts';
import type { Sealed, Shown } from './shown.ts';
import { shownWords } from './state-words.ts';

/** The comparison that is made for a kind of pairs; others may hold such pairs too. */
const homes: Readonly<Record<PairKind, string>> = {
  cohorts: 'cohorts',
  'between participants': 'sessions',
  'within participants': 'sessions',
  folds: 'folds',
  runs: 'runs',
};

/** Each kind of pairs once: from the comparison made for it, else from the first that has it. */
export function readSummaries(context: Context): PairSummary[] {
  const all = resultsOf(context, 'compare').flatMap((result) =>
    (tableIn(context, result, 'summary.tsv')?.rows ?? []).flatMap((row) =>
      row.between in homes ? [{ result, summary: summaryOf(row) }] : [],
    ),
  );
  return (Object.keys(homes) as PairKind[]).flatMap((kind) => {
    const own = all.filter(({ summary }) => summary.kind === kind);
    const home = own.find(({ result }) => result.place.split('/').pop()?.includes(homes[kind]));
    const found = home ?? own[0];
    return found ? [found.summary] : [];
  });
}

function summaryOf(row: Table['rows'][number]): PairSummary {
  const spread = (measure: string): Spread | null => {
    const mean = numberOf(row[measure]);
    if (mean === null) return null;
    const [low, high, lowest, highest] = ['low', 'high', 'lowest', 'highest'].map((end) =>
      numberOf(row[`${measure}_${end}`]),
    );
    return { mean, low, high, lowest, highest, undefinedPairs: numberOf(row[`${measure}_undefined`]) ?? 0 };
  };
  return {
    kind: row.between as PairKind,
    pairs: numberOf(row.pairs) ?? 0,
    participants: numberOf(row.participants) ?? 0,
    doubtfulPairs: numberOf(row.doubtful_pairs),
    similarity: spread('roi_similarity'),
    probCnn: spread('prob_cnn'),
  };
}

/** Every comparison's matrices, and the grid's. */
export function readMatrices(context: Context): Sealed<Matrix>[] {
  const { say, name } = context.identity;
  const compared = resultsOf(context, 'compare').flatMap((result) => {
    const names = maskNames(context, result);
    const of = name('comparison', result.place.split('/').pop() || 'masks', Object.values(homes));
    return [
      matrix(context, result, 'roi_similarity.tsv', {
        ...{ name: say`roi-similarity_${of}`, title: say`ROI similarity: ${of}`, corner: say`mask`, names },
        caption: say`1: the same regions; 0: none in common; n/a: an empty mask.`,
      }),
      matrix(context, result, 'prob_cnn.tsv', {
        ...{
          name: say`prob-cnn_${of}`,
          title: say`probCNN: ${of}`,
          corner: say`network and images \\ mask`,
          names,
        },
        caption: say`Probability of the true class, by a row's network on its images under a column's mask. Near 0: the mask hides it; near 1: dissimilar.`,
      }),
    ].filter((one) => one !== null);
  });
  return [...gridMatrices(context), ...compared];
}

/** Names of masks by what tells them apart: participant, session, cohort, fold, run. */
function maskNames(context: Context, result: Result): Map<string, Shown> {
  const { say, participant, session, name, anonymous } = context.identity;
  const listed = tableIn(context, result, 'masks.tsv')?.rows ?? [];
  const rows = anonymous ? byLikeness(context, result, listed) : listed;
  const differs = (column: string) => new Set(rows.map((row) => row[column])).size > 1;
  const cohorts = [...new Set(rows.map((row) => row.cohort))];
  const parts: Readonly<Record<string, (cell: string, row: Table['rows'][number]) => Shown>> = {
    participant_id: (cell) => participant(cell),
    session_id: (cell, row) => session(row.participant_id, cell),
    cohort: (cell) =>
      cohortName(context, cell) ?? (context.study ? say`training` : say`cohort ${cohorts.indexOf(cell) + 1}`),
    fold: (cell) => say`fold ${Number(cell)}`,
    run: (cell) => say`run ${Number(cell)}`,
  };
  const named = rows.map((row): [string, Shown | null] => {
    const told = Object.entries(parts).flatMap(([column, show]) =>
      differs(column) && !isMissing(row[column]) ? [show(row[column], row)] : [],
    );
    return [row.name, told.length === 0 ? null : told.reduce((all, part) => say`${all} ${part}`)];
  });
  const unique =
    new Set(named.map(([, told]) => told)).size === named.length && named.every(([, told]) => told !== null);
  const marks = rows.map((row) => marksIn(row, context));
  const all = named.map(([given, told], i): [string, Shown] => {
    const bare = (unique && told) || name('mask', given);
    return [given, marks[i] ? say`${bare} (${marks[i]})` : bare];
  });
  if (anonymous) all.sort((a, b) => a[1].localeCompare(b[1], 'en', { numeric: true }));
  return new Map(all);
}

/** What a line of `masks.tsv` says against its mask; null for nothing, or a table of an earlier version. */
function marksIn(
  { stopped, convergence, extent, last_fall }: Table['rows'][number],
  context: Context,
): Shown | null {
  const state = readState({ stopped, convergence, extent, lastFall: numberOf(last_fall) });
  return state && shownWords(context, marksOf(state));
}

/**
 * The masks of a comparison by how like the others they are, an order that says nothing about their names; those without a
 * line in `masks.tsv` too.
 */
function byLikeness(context: Context, result: Result, listed: Table['rows']): Table['rows'] {
  const table = tableIn(context, result, 'roi_similarity.tsv');
  const sums = new Map(
    table?.rows.map(({ [table.columns[0]]: name, ...cells }) => [
      name,
      Object.values(cells).reduce((sum, cell) => sum + (numberOf(cell) ?? 0), 0),
    ]),
  );
  const masks = listed.length > 0 ? listed : [...sums.keys()].map((name) => ({ name }));
  return [...masks].sort((a, b) => (sums.get(a.name) ?? 0) - (sums.get(b.name) ?? 0));
}

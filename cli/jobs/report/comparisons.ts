import { existsSync } from 'node:fs';
import path from 'node:path';
import { isMissing, readTable, type Table } from '../../../cohort/table.ts';
import type { Matrix, NumberTable, PairKind, PairSummary, Spread } from '../../../report/page/data.ts';
import type { TextCell } from '../../../report/text-table.ts';
import { attempt, type Context, cohortName, resultsOf } from './context.ts';
import { numberOf } from './numbers.ts';
import type { Result } from './results.ts';

/** The comparison that is made for a kind of pairs; others may hold such pairs too. */
const homes: Readonly<Record<PairKind, string>> = {
  cohorts: 'cohorts',
  'between participants': 'sessions',
  'within participants': 'sessions',
  folds: 'folds',
  runs: 'runs',
};

function tableIn(context: Context, { folder }: Result, name: string): Table | null {
  const file = path.join(folder, name);
  return existsSync(file) ? attempt(context, file, () => readTable(file)) : null;
}

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
    similarity: spread('roi_similarity'),
    probCnn: spread('prob_cnn'),
  };
}

/** Every comparison's matrices, and the grid's. */
export function readMatrices(context: Context): Matrix[] {
  const compared = resultsOf(context, 'compare').flatMap((result) => {
    const names = maskNames(context, result);
    const of = result.place.split('/').pop() || 'masks';
    return [
      matrix(context, result, 'roi_similarity.tsv', {
        ...{ name: `roi-similarity_${of}`, title: `ROI similarity: ${of}`, corner: 'mask', names },
        caption: '1: the same regions; 0: none in common; n/a: an empty mask.',
      }),
      matrix(context, result, 'prob_cnn.tsv', {
        ...{ name: `prob-cnn_${of}`, title: `probCNN: ${of}`, corner: 'network and images \\ mask', names },
        caption:
          "Probability of the true class, by a row's network on its images under a column's mask. Near 0: the mask hides it; near 1: dissimilar.",
      }),
    ].filter((one) => one !== null);
  });
  return [...gridMatrices(context), ...compared];
}

interface MatrixText extends Pick<Matrix, 'name' | 'title' | 'caption' | 'corner'> {
  readonly names: ReadonlyMap<string, string>;
}

function matrix(
  context: Context,
  result: Result,
  file: string,
  { names, ...text }: MatrixText,
): Matrix | null {
  const table = tableIn(context, result, file);
  if (!table) return null;
  const [corner, ...columns] = table.columns;
  const name = (given: string) => names.get(given) ?? context.identity.text(given);
  return {
    ...text,
    rows: table.rows.map((row) => name(row[corner])),
    columns: columns.map(name),
    values: table.rows.map((row) => columns.map((column) => numberOf(row[column]))),
  };
}

/** Names of masks by what tells them apart: participant, session, cohort, fold, run. */
function maskNames(context: Context, result: Result): Map<string, string> {
  const rows = tableIn(context, result, 'masks.tsv')?.rows ?? [];
  const differs = (column: string) => new Set(rows.map((row) => row[column])).size > 1;
  const cohorts = [...new Set(rows.map((row) => row.cohort))];
  const parts: Readonly<Record<string, (cell: string) => string>> = {
    participant_id: (cell) => context.identity.participant(cell),
    session_id: (cell) => cell,
    cohort: (cell) =>
      cohortName(context, cell) ?? (context.study ? 'training' : `cohort ${cohorts.indexOf(cell) + 1}`),
    fold: (cell) => `fold ${cell}`,
    run: (cell) => `run ${cell}`,
  };
  const named = rows.map((row): [string, string] => {
    const told = Object.entries(parts).flatMap(([column, say]) =>
      differs(column) && !isMissing(row[column]) ? [say(row[column])] : [],
    );
    return [row.name, told.filter((text) => text !== '').join(' ')];
  });
  const unique =
    new Set(named.map(([, told]) => told)).size === named.length && named.every(([, told]) => told !== '');
  return new Map(unique ? named : named.map(([name]) => [name, context.identity.text(name)]));
}

/** Tables 2 and 3: masks along one option of the objective. */
function gridMatrices(context: Context): Matrix[] {
  return resultsOf(context, 'grid').flatMap((result) => {
    const stages = new Set((tableIn(context, result, 'points.tsv')?.rows ?? []).map(({ stage }) => stage));
    return [...stages].flatMap((stage) =>
      ['beta1', 'beta2', 'lambda1', 'lambda2'].flatMap((axis) => {
        const one = matrix(context, result, `similarity_${stage}_${axis}.tsv`, {
          name: `grid_${stage}_${axis}`,
          title: `ROI similarity over ${axis} (${stage})`,
          caption: "Masks along one option of the objective; the paper's tables 2 and 3.",
          corner: axis,
          names: new Map(),
        });
        return one ? [one] : [];
      }),
    );
  });
}

/** Every mask of a grid, its options and what it does. */
export function readGridPoints(context: Context): NumberTable | null {
  const [result] = resultsOf(context, 'grid');
  const table = result ? tableIn(context, result, 'points.tsv') : null;
  if (!table) return null;
  const columns = table.columns.filter((column) => column !== 'mask' && column !== 'kept_epoch');
  const rows = table.rows.map((row) =>
    columns.map(
      (column): TextCell =>
        numberOf(row[column]) ??
        (isMissing(row[column]) ? null : context.identity.text(row[column].replaceAll(',', ', '))),
    ),
  );
  const shown = columns.map((_, i) => rows.some((row) => row[i] !== null));
  return {
    name: 'grid',
    columns: columns.filter((_, i) => shown[i]).map((column) => column.replaceAll('_', ' ')),
    rows: rows.map((row) => row.filter((_, i) => shown[i])),
  };
}

/** Tables of other commands that judge masks. */
export function readChecks(context: Context): (NumberTable & { title: string; caption: string })[] {
  const kinds = [
    [
      'sanity',
      'similarity.tsv',
      'Sanity: similarity',
      'ROI similarity of masks of the trained network, a random one, and one trained on shuffled labels. A mask that shows what training found is unlike the others.',
    ],
    [
      'sanity',
      'probabilities.tsv',
      'Sanity: probabilities',
      "Each network's probability of the class under each mask.",
    ],
    [
      'validate',
      'validation.tsv',
      'Deletion and overlap',
      'Area under the deletion curve (lower is better), and overlap with the planted truth where it is known.',
    ],
  ] as const;
  return kinds.flatMap(([command, file, title, caption]) =>
    resultsOf(context, command).flatMap((result) => {
      const table = tableIn(context, result, file);
      if (!table) return [];
      const cell = (value: string): TextCell =>
        numberOf(value) ?? (isMissing(value) ? null : context.identity.text(value));
      const name = `${command}_${file.replace('.tsv', '')}`;
      return [
        {
          name,
          title,
          caption,
          columns: table.columns.map((column) => context.identity.text(column.replaceAll('_', ' '))),
          rows: table.rows.map((row) => table.columns.map((column) => cell(row[column]))),
        },
      ];
    }),
  );
}

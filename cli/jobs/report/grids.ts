import { isMissing, type Table } from '../../../cohort/table.ts';
import { axes, paperGrid } from '../../../masking/grid.ts';
import type { Matrix, NumberTable } from '../../../report/page/data.ts';
import type { TextCell } from '../../../report/text-table.ts';
import { stateColumn } from '../grid-files.ts';
import { type Context, resultsOf } from './context.ts';
import { matrix, tableIn } from './matrix.ts';
import { numberOf } from './numbers.ts';
import type { Sealed, Shown } from './shown.ts';
import { marksCell } from './state-words.ts';

/** The stages of the paper's grid; those of another one are its maker's words. */
export const knownStages = paperGrid.map(({ name }) => name);

/** What its columns of states hold. */
const stateValues = ['converged', 'not converged', 'unknown', 'empty', 'veil', 'part'];

/** Columns of points.tsv, as they are shown. */
const knownColumns = [
  ...['stage', ...axes, 'learning rate', 'steps', 'loss', 'probability before', 'probability after'],
  ...['touched share', 'convergence', 'last fall', 'extent', 'top regions', 'fell back', 'diverged'],
];

/** Tables 2 and 3: masks along one option of the objective. */
export function gridMatrices(context: Context): Sealed<Matrix>[] {
  const { say, own, name } = context.identity;
  return resultsOf(context, 'grid').flatMap((result) => {
    const stages = new Set((tableIn(context, result, 'points.tsv')?.rows ?? []).map(({ stage }) => stage));
    return [...stages].flatMap((stage) =>
      own(...axes).flatMap((axis) => {
        const file = `similarity_${stage}_${axis}.tsv`;
        const of = name('stage', stage, knownStages);
        const one = matrix(context, result, file, {
          name: say`grid_${of}_${axis}`,
          title: say`ROI similarity over ${axis} (${of})`,
          caption: say`Masks along one option of the objective; the paper's tables 2 and 3.`,
          corner: axis,
          without: stateColumn,
          names: valuesOf(context, tableIn(context, result, file), axis),
        });
        return one ? [one] : [];
      }),
    );
  });
}

/** What stands along a line of a grid: "0.1" and "beta1=0.1". */
function valuesOf(context: Context, table: Table | null, axis: string): Map<string, Shown> {
  const { identity } = context;
  const marks = new Map(
    table?.rows.map((row) => [row[table.columns[0]], marksCell(context, row[stateColumn])]),
  );
  const given = table ? [...table.rows.map((row) => row[table.columns[0]]), ...table.columns.slice(1)] : [];
  const isValue = (text: string) => numberOf(text.replace(`${axis}=`, '')) !== null;
  return new Map(
    given.map((text) => {
      const named = identity.name('mask', text, isValue(text) ? [text] : []);
      const mark = marks.get(text);
      return [text, mark ? identity.say`${named} (${mark})` : named];
    }),
  );
}

/** Every mask of a grid, its options and what it does. */
export function readGridPoints(context: Context): Sealed<NumberTable> | null {
  const { say, name, region, from } = context.identity;
  const [result] = resultsOf(context, 'grid');
  const table = result ? tableIn(context, result, 'points.tsv') : null;
  if (!table) return null;
  const columns = table.columns.filter((column) => column !== 'mask' && column !== 'kept_epoch');
  const cell = (column: string, text: string): Sealed<TextCell> => {
    if (isMissing(text)) return null;
    if (column === 'stage') return name('stage', text, knownStages);
    if (column === 'top_regions') return from((names: string) => names.replaceAll(',', ', '), region(text));
    return numberOf(text) ?? name('value', text, ['true', 'false', ...stateValues]);
  };
  const rows = table.rows.map((row) => columns.map((column) => cell(column, row[column])));
  const shown = columns.map((_, i) => rows.some((row) => row[i] !== null));
  return {
    name: say`grid`,
    columns: columns
      .filter((_, i) => shown[i])
      .map((column) => name('column', column.replaceAll('_', ' '), knownColumns)),
    rows: rows.map((row) => row.filter((_, i) => shown[i])),
  };
}

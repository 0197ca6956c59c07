import { isMissing } from '../../../cohort/table.ts';
import { methods } from '../../../masking/attribution/index.ts';
import type { NumberTable } from '../../../report/page/data.ts';
import type { TextCell } from '../../../report/text-table.ts';
import { type Context, resultsOf } from './context.ts';
import { tableIn } from './matrix.ts';
import { numberOf } from './numbers.ts';
import type { Sealed } from './shown.ts';
import { stateCell } from './state-words.ts';

/** What `sanity` and `validate` call networks, masks and columns themselves; the other names are those of files. */
const known = [
  ...['no mask', 'trained', 'trained, again', 'random', 'shuffled labels'],
  ...['map', 'comparison', 'planted', 'random regions', 'random voxels', ...methods],
  ...['name', 'kind', 'deletion area', 'touched share', 'precision', 'recall', 'dice', 'precision at size'],
  ...['average precision', 'chance', 'state'],
];

/** Tables of other commands that judge masks. */
export function readChecks(
  context: Context,
): Sealed<NumberTable & { readonly title: string; readonly caption: string }>[] {
  const { say, name } = context.identity;
  const kinds = [
    {
      command: 'sanity',
      file: 'similarity.tsv',
      name: say`sanity_similarity`,
      title: say`Sanity: similarity`,
      caption: say`ROI similarity of masks of the trained network, a random one, and one trained on shuffled labels. A mask that shows what training found is unlike the others.`,
    },
    {
      command: 'sanity',
      file: 'probabilities.tsv',
      name: say`sanity_probabilities`,
      title: say`Sanity: probabilities`,
      caption: say`Each network's probability of the class under each mask.`,
    },
    {
      command: 'validate',
      file: 'validation.tsv',
      name: say`validate_validation`,
      title: say`Deletion and overlap`,
      caption: say`Area under the deletion curve (lower is better), and overlap with the planted truth where it is known.`,
    },
  ];
  const cell = (column: string, text: string): Sealed<TextCell> => {
    if (isMissing(text)) return null;
    if (column === 'state') return stateCell(context, text);
    return (column === 'name' ? null : numberOf(text)) ?? name('map', text, known);
  };
  return kinds.flatMap(({ command, file, ...about }) =>
    resultsOf(context, command).flatMap((result) => {
      const table = tableIn(context, result, file);
      if (!table) return [];
      return [
        {
          ...about,
          columns: table.columns.map((column) => name('map', column.replaceAll('_', ' '), known)),
          rows: table.rows.map((row) => table.columns.map((column) => cell(column, row[column]))),
        },
      ];
    }),
  );
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { isMissing } from '../../../../cohort/table.ts';
import { type Context, resultsOf } from '../context.ts';
import { tableIn } from '../matrix.ts';
import type { Shown } from '../shown.ts';
import { joined } from './sharing.ts';

/** How masks were compared: only by what the comparisons hold. */
export function comparingText(context: Context): Shown | null {
  const { identity } = context;
  const { say } = identity;
  const compared = resultsOf(context, 'compare');
  if (compared.length === 0) return null;
  const has = (name: string) => compared.some(({ folder }) => existsSync(path.join(folder, name)));
  const raw = compared.filter(({ options }) => options.raw === true).length;
  const intervals = compared.some((result) =>
    tableIn(context, result, 'summary.tsv')?.rows.some((row) => !isMissing(row.roi_similarity_low)),
  );
  const sentences = [
    say`Masks were compared by the cosine of their region vectors (ROI similarity)${has('prob_cnn.tsv') ? say` and by probCNN, the mean probability of the true class that one network gives its images under another's mask` : say``}.`,
    ...(raw === 0
      ? []
      : [
          raw === compared.length
            ? say`The masks were taken without the threshold.`
            : say`In ${raw} of ${compared.length} comparisons the masks were taken without the threshold.`,
        ]),
    ...(intervals ? [say`95 % intervals are by bootstrap over participants.`] : []),
  ];
  return joined(identity, ' ', sentences);
}

import type { Spread } from '../../masking/comparison-summary.ts';
import { marksOf, stateText } from '../../masking/mask-state.ts';
import { textTable } from '../../report/text-table.ts';
import type { CompareResult } from '../jobs/compare.ts';

const mostInTables = 12; // masks whose matrices fit a terminal

/** A comparison as the terminal shows it: matrices of few masks, counts, summaries, files. */
export function comparisonText({
  masks,
  similarity,
  probCnn,
  summaries,
  structureCounts,
  paths,
}: CompareResult): string {
  const parts: string[] = [];
  if (masks.length <= mostInTables) {
    parts.push(matrixText('ROI similarity', masks, similarity));
    if (probCnn)
      parts.push(matrixText('probCNN (rows: network and images; columns: whose mask)', masks, probCnn));
    parts.push(
      textTable(
        ['mask', 'state', 'top regions'],
        masks.map(({ name, state, top }) => [
          name,
          stateText(state),
          top.map((region) => region.name).join(' ') || 'none: it is empty',
        ]),
      ),
    );
  }
  parts.push(
    textTable(
      ['structure', `masks of ${masks.length} with it among their top regions`],
      structureCounts.slice(0, 10).map(({ name, masks: count }) => [name, count]),
    ),
  );
  if (summaries.length > 0) {
    parts.push(
      textTable(
        ['between', 'pairs', 'participants', 'ROI similarity', 'probCNN', 'doubtful pairs'],
        summaries.map(({ kind, pairs, doubtfulPairs, participants, similarity: roi, probCnn: prob }) => [
          kind,
          pairs,
          participants || null,
          spreadText(roi),
          spreadText(prob),
          doubtfulPairs,
        ]),
      ),
    );
  }
  parts.push(
    textTable(
      ['written', 'holds'],
      [
        [paths.pairs, 'every pair'],
        [paths.summary, 'means over sessions, participants, folds, runs, cohorts'],
        [paths.similarity, 'ROI similarity of every pair'],
        [paths.similarityPicture, 'the same in shades'],
        ...(paths.probCnn && paths.probCnnPicture
          ? [
              [paths.probCnn, 'probCNN of every ordered pair'],
              [paths.probCnnPicture, 'the same in shades'],
            ]
          : []),
        [paths.topRegions, 'top regions of each mask'],
        [paths.regionCounts, 'in how many masks each is among them'],
        [paths.regionCountsPicture, 'the same as bars'],
        [paths.masks, 'what is known of each mask'],
        [paths.sidecar, 'options, versions, adapter'],
      ],
    ),
  );
  return parts.join('\n\n');
}

function matrixText(
  title: string,
  masks: CompareResult['masks'],
  values: readonly (readonly (number | null)[])[],
): string {
  const table = textTable(
    ['', 'mask', ...masks.map((_, i) => ({ title: String(i + 1), digits: 2 }))],
    masks.map(({ name, state }, i) => [i + 1, [name, ...marksOf(state)].join(', '), ...values[i]]),
  );
  return `${title}\n${table}`;
}

function spreadText(spread: Spread | null): string {
  if (!spread) return 'n/a';
  const digits = (value: number) => value.toFixed(2);
  const { mean, lowest, highest, interval, undefinedPairs } = spread;
  const around = interval
    ? `[${interval.map(digits).join(', ')}]`
    : `from ${digits(lowest)} to ${digits(highest)}`;
  const lacking = undefinedPairs > 0 ? `, ${undefinedPairs} pairs not defined` : '';
  return `${digits(mean)} ${around}${lacking}`;
}

import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import type { ComparisonSummary, Spread } from '../../masking/comparison-summary.ts';
import { marksOf, stateText } from '../../masking/mask-state.ts';
import type { RegionMeasure } from '../../masking/similarity.ts';
import type { RegionCount } from '../../masking/top-regions.ts';
import { renderBars } from '../../report/bars.ts';
import { renderHeatMap } from '../../report/heat-map.ts';
import type { ComparedMask } from './compare.ts';

/** What a comparison writes. */
export interface ComparisonContent {
  readonly masks: readonly ComparedMask[];
  readonly measure: RegionMeasure;
  readonly similarity: readonly (readonly (number | null)[])[];
  readonly probCnn: readonly (readonly number[])[] | null;
  readonly regionCounts: readonly RegionCount[];
  readonly structureCounts: readonly RegionCount[];
  readonly summaries: readonly ComparisonSummary[];
}

/** Paths of a comparison's files; null for those of probCNN without it. */
export interface ComparePaths {
  readonly masks: string;
  readonly pairs: string;
  readonly summary: string;
  readonly similarity: string;
  readonly similarityPicture: string;
  readonly probCnn: string | null;
  readonly probCnnPicture: string | null;
  readonly topRegions: string;
  readonly regionCounts: string;
  readonly regionCountsPicture: string;
  readonly sidecar: string;
}

/** Marks a folder that holds a comparison; it is written last. */
export const compareMarker = 'pairs.tsv';

/** Where a comparison's files are. @param probCnn whether networks were asked about the masks */
export function comparePaths(directory: string, probCnn: boolean): ComparePaths {
  const place = (name: string) => path.join(directory, name);
  return {
    masks: place('masks.tsv'),
    pairs: place(compareMarker),
    summary: place('summary.tsv'),
    similarity: place('roi_similarity.tsv'),
    similarityPicture: place('roi_similarity.png'),
    probCnn: probCnn ? place('prob_cnn.tsv') : null,
    probCnnPicture: probCnn ? place('prob_cnn.png') : null,
    topRegions: place('top_regions.tsv'),
    regionCounts: place('region_counts.tsv'),
    regionCountsPicture: place('region_counts.png'),
    sidecar: place('compare.json'),
  };
}

/** Writes a comparison's tables and pictures. */
export function writeComparison(directory: string, content: ComparisonContent): ComparePaths {
  const { masks, measure, similarity, probCnn, regionCounts, summaries } = content;
  const paths = comparePaths(directory, probCnn !== null);
  const names = masks.map(({ name }) => name);
  const marked = masks.map(({ name, state }) => [name, ...marksOf(state)].join(', '));
  writeFileAtomic(paths.masks, maskTable(directory, masks));
  writeFileAtomic(paths.similarity, matrix('mask', names, similarity));
  writeFileAtomic(
    paths.similarityPicture,
    renderHeatMap({
      title: 'ROI similarity',
      caption: `cosine of the masks' region vectors (${measure} of 1 - m); 1: the same regions, 0: none in common`,
      rows: marked,
      columns: marked,
      values: similarity,
    }),
  );
  if (probCnn && paths.probCnn && paths.probCnnPicture) {
    writeFileAtomic(paths.probCnn, matrix('network', names, probCnn));
    writeFileAtomic(
      paths.probCnnPicture,
      renderHeatMap({
        title: 'probCNN',
        caption:
          "probability of the true class under another's mask; near 1: dissimilar, near 0: the mask hides it",
        rows: names,
        columns: names,
        rowsName: 'network and images',
        columnsName: 'mask',
        values: probCnn,
      }),
    );
  }
  writeFileAtomic(paths.topRegions, topTable(masks));
  writeFileAtomic(paths.regionCounts, countTable(content));
  writeFileAtomic(
    paths.regionCountsPicture,
    renderBars(
      regionCounts.map(({ name, masks: count }) => ({ name, value: count })),
      {
        title: 'Top regions',
        valueName: `masks (of ${masks.length}) that have it among their top ones`,
        top: 15,
        whole: true,
      },
    ),
  );
  writeFileAtomic(paths.summary, summaryTable(summaries));
  writeFileAtomic(paths.pairs, pairTable(content));
  return paths;
}

/** Paths are relative to the table's folder, so that both can be moved together. */
function maskTable(directory: string, masks: readonly ComparedMask[]): string {
  const from = (file: string) => path.relative(path.resolve(directory), path.resolve(file));
  const rows = masks.map((mask) => ({
    name: mask.name,
    participant_id: mask.participantId,
    session_id: mask.sessionId,
    fold: mask.fold,
    run: mask.run,
    cohort: mask.cohort,
    model: mask.model && from(mask.model),
    stopped: mask.state.stopped,
    convergence: mask.state.convergence,
    last_fall: mask.state.lastFall,
    extent: mask.state.extent,
    path: from(mask.file),
  }));
  return formatTable(Object.keys(rows[0]), rows);
}

function matrix(corner: string, names: readonly string[], values: readonly (readonly (number | null)[])[]) {
  const rows = values.map((row, i) =>
    Object.fromEntries([[corner, names[i]], ...row.map((value, j) => [names[j], value])]),
  );
  return formatTable([corner, ...names], rows);
}

function pairTable({ masks, similarity, probCnn }: ComparisonContent): string {
  const probed = ['prob_cnn_a_under_b', 'prob_cnn_b_under_a', 'prob_cnn_mean'];
  const columns = ['a', 'b', 'roi_similarity', ...(probCnn ? probed : []), 'a_state', 'b_state'];
  const rows = masks.flatMap(({ name, state }, a) =>
    masks.slice(a + 1).map((other, i) => {
      const b = a + 1 + i;
      return {
        a: name,
        b: other.name,
        roi_similarity: similarity[a][b],
        a_state: stateText(state),
        b_state: stateText(other.state),
        ...(probCnn && {
          prob_cnn_a_under_b: probCnn[a][b],
          prob_cnn_b_under_a: probCnn[b][a],
          prob_cnn_mean: (probCnn[a][b] + probCnn[b][a]) / 2,
        }),
      };
    }),
  );
  return formatTable(columns, rows);
}

function topTable(masks: readonly ComparedMask[]): string {
  const rows = masks.flatMap(({ name, state, top }) =>
    top.map((region, i) => ({
      mask: name,
      rank: i + 1,
      region: region.name,
      density: region.density,
      state: stateText(state),
    })),
  );
  return formatTable(['mask', 'rank', 'region', 'density', 'state'], rows);
}

function countTable({ regionCounts, structureCounts }: ComparisonContent): string {
  const rows = [
    ...structureCounts.map((count) => ({ level: 'structure', ...count })),
    ...regionCounts.map((count) => ({ level: 'region', ...count })),
  ];
  return formatTable(['level', 'name', 'masks'], rows);
}

function summaryTable(summaries: readonly ComparisonSummary[]): string {
  const cells = (measure: string, spread: Spread | null) =>
    spread
      ? {
          [measure]: spread.mean,
          [`${measure}_low`]: spread.interval?.[0],
          [`${measure}_high`]: spread.interval?.[1],
          [`${measure}_lowest`]: spread.lowest,
          [`${measure}_highest`]: spread.highest,
          [`${measure}_undefined`]: spread.undefinedPairs,
        }
      : {};
  const columnsOf = (measure: string) =>
    ['', '_low', '_high', '_lowest', '_highest', '_undefined'].map((end) => measure + end);
  const rows = summaries.map(({ kind, pairs, participants, doubtfulPairs, similarity, probCnn }) => ({
    between: kind,
    pairs,
    participants,
    doubtful_pairs: doubtfulPairs,
    ...cells('roi_similarity', similarity),
    ...cells('prob_cnn', probCnn),
  }));
  return formatTable(
    [
      'between',
      'pairs',
      'participants',
      'doubtful_pairs',
      ...columnsOf('roi_similarity'),
      ...columnsOf('prob_cnn'),
    ],
    rows,
  );
}

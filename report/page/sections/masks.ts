import { barChart } from '../bar-chart.ts';
import type { MaskReport, PairKind, PairSummary, ReportData, Spread } from '../data.ts';
import { type Html, html } from '../html.ts';
import { paper } from '../paper.ts';
import { mainMasks, structureCounts, topCount } from '../rules.ts';
import { heatTable, table } from '../table.ts';
import { absent, picture, type Section } from './section.ts';

/** Mosaics as in figures 3 to 6, and each mask in numbers. */
export function mosaicSection({ mosaics, masks, otherPictures }: ReportData): Section {
  const rows = masks.map((mask) => [
    mask.name,
    mask.cohort,
    mask.images,
    mask.steps,
    mask.probabilities?.before ?? null,
    mask.probabilities?.after ?? null,
    mask.touchedShare === null ? null : `${(100 * mask.touchedShare).toFixed(1)} %`,
    mask.state,
  ]);
  const columns = [
    'mask',
    'cohort',
    'images',
    'steps',
    'probability before',
    'under the mask',
    'voxels touched',
    'state',
  ];
  const body =
    mosaics.length + rows.length === 0
      ? absent('There is no mask yet.')
      : html`${mosaics.length > 0 ? mosaics.map(picture) : html`<p>The mosaic stands with the answer.</p>`}${otherPictures.map(picture)}
<details><summary>${masks.length === 1 ? 'The mask' : `The ${masks.length} masks`} in numbers</summary>${table({ columns, rows }, "Masks, and the class's mean probability", 3)}</details>`;
  return { id: 'masks', title: 'Masks', body };
}

const kinds: Readonly<Record<PairKind, string>> = {
  cohorts: 'group masks, two cohorts, one network',
  'between participants': 'session masks, between participants',
  'within participants': 'session masks, within participants',
  folds: 'group masks, between folds',
  runs: 'group masks, between runs of a fold',
};

/** Similarities of masks beside the paper's, and their matrices. */
export function similaritySection({ summaries, matrices, gridPoints }: ReportData): Section {
  const body =
    summaries.length + matrices.length === 0 && !gridPoints
      ? absent('No masks have been compared: "voxmask compare" and "voxmask grid" do.')
      : html`${summaries.length > 0 && table(similarityTable(summaries), "Similarity of masks beside the paper's (E7 to E11)")}
<p class="faint">Doubtful: pairs with a mask that is empty, a veil or not converged. ROI similarity: cosine of the masks' region vectors, 1 for the same regions. probCNN: the probability of the true class that is left under another's mask, near 0 where it hides what this network needs, near 1 where it does not.</p>
${matrices.map(heatTable)}
${gridPoints && table(gridPoints, "Masks over the objective's weights and powers (E4)", 3)}`;
  return { id: 'similarity', title: 'Similarity of masks', body };
}

/** E7 to E11 as a table, those that are missing without a number; for the page and for the file beside it. */
export function similarityTable(summaries: readonly PairSummary[]) {
  const cell = (spread: Spread | null) => {
    if (!spread) return 'n/a';
    const interval =
      spread.low !== null && spread.high !== null
        ? ` [${spread.low.toFixed(2)}, ${spread.high.toFixed(2)}]`
        : spread.lowest !== null && spread.highest !== null
          ? ` (${spread.lowest.toFixed(2)} to ${spread.highest.toFixed(2)})`
          : '';
    return `${spread.mean.toFixed(2)}${interval}`;
  };
  const value = (number: number | null) => number?.toFixed(2) ?? 'n/a';
  return {
    columns: ['', 'compared', 'pairs', 'doubtful', 'ROI similarity', 'paper', 'probCNN', 'paper '],
    rows: (Object.keys(kinds) as PairKind[]).map((kind) => {
      const found = summaries.find((one) => one.kind === kind);
      return [
        paper.pairs[kind].experiment,
        kinds[kind],
        found?.pairs ?? 0,
        found ? found.doubtfulPairs : 0,
        cell(found?.similarity ?? null),
        value(paper.pairs[kind].similarity),
        cell(found?.probCnn ?? null),
        value(paper.pairs[kind].probCnn),
      ];
    }),
  };
}

/** Which regions the group masks occlude. */
export function regionsSection({ masks, planted }: ReportData): Section {
  const shown = masks.filter(({ kind, regions }) => kind === 'group' && regions.length > 0);
  const own = mainMasks(shown);
  const counts = structureCounts(own);
  const others = Object.entries(paper.structures).filter(
    ([name]) => !counts.some(([structure]) => structure === name),
  );
  const known = counts.some(([structure]) => structure in paper.structures);
  const body =
    shown.length === 0
      ? absent('No group mask was measured over an atlas.')
      : html`${
          own.length > 1 &&
          table(
            {
              columns: ['structure', `masks (of ${own.length})`, 'paper (of 5)'],
              rows: [
                ...counts.map(([name, count]) => [name, count, paperCount(name)] as const),
                ...(known ? others.map(([name, count]) => [name, 0, count] as const) : []),
              ],
            },
            `In how many masks a structure is among the ${topCount} densest regions (E6)`,
          )
        }
<div class="charts">${shown.map((mask) => bars(mask, planted))}</div>
<p class="faint">Density: mean of 1 - m over the region. ${planted && '* planted: the simulation took gray matter away here.'}</p>`;
  return { id: 'regions', title: 'Regions', body };
}

function paperCount(structure: string): number | string {
  return (paper.structures as Readonly<Record<string, number>>)[structure] ?? 'n/a';
}

function bars({ name, regions }: MaskReport, planted: ReportData['planted']): Html {
  const top = regions.slice(0, 10);
  const lines = top.map((region) => ({
    name: region.name,
    value: region.density,
    marked: planted?.includes(region.name) ?? false,
  }));
  return barChart(name, lines);
}

/** Maximum projections. */
export function glassSection({ glassBrains }: ReportData): Section {
  const body =
    glassBrains.length === 0
      ? absent('There is no mask yet.')
      : html`<p>The highest 1 - m along each line of sight, over the brain's silhouette.</p>${glassBrains.map(picture)}`;
  return { id: 'glass', title: 'Glass brain', body };
}

/** Deletion curves, sanity checks and the like. */
export function checksSection({ checks }: ReportData): Section | null {
  if (checks.length === 0) return null;
  const body = html`${checks.map(({ title, caption, ...rest }) => html`<h3>${title}</h3>${table(rest, caption, 3)}`)}`;
  return { id: 'checks', title: 'Checks of the masks', body };
}

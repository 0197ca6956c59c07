import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import type { Grid } from '../../cohort/volume.ts';
import { type MaskState, marksOf, stateText } from '../../masking/mask-state.ts';
import { renderHeatMap } from '../../report/heat-map.ts';
import { renderMaskTable } from '../../report/mask-table.ts';

/** The results of a sanity report that go into files. */
export interface SanityContent {
  readonly className: string;
  readonly networks: readonly { readonly name: string }[];
  readonly masks: readonly {
    readonly name: string;
    readonly mask: Float32Array;
    readonly state: MaskState;
  }[];
  /** of every pair of masks; null where one is empty */
  readonly similarity: readonly (readonly (number | null)[])[];
  /** by network: without a mask, then under each mask */
  readonly probabilities: readonly (readonly number[])[];
  readonly grid: Grid;
  readonly background: Float32Array;
}

/** Where a sanity report's files are, but for the masks. */
export function sanityPaths(directory: string) {
  const place = (name: string) => path.join(directory, name);
  return {
    similarity: place('similarity.tsv'),
    probabilities: place('probabilities.tsv'),
    similarityPicture: place('similarity.png'),
    probabilitiesPicture: place('probabilities.png'),
    masks: place('masks.png'),
  };
}

/** Writes the tables and the picture. The same content gives the same bytes. */
export function writeSanityFiles(directory: string, content: SanityContent) {
  const { className, networks, masks, similarity, probabilities, grid, background } = content;
  const names = masks.map(({ name }) => name);
  const columns = ['no mask', ...names];
  const marked = masks.map(({ name, state }) => [name, ...marksOf(state)].join(', '));
  const paths = sanityPaths(directory);
  const table = (
    columns: readonly string[],
    rows: readonly { readonly name: string }[],
    values: readonly (readonly (number | string | null)[])[],
  ) =>
    formatTable(
      ['name', ...columns],
      rows.map(({ name }, i) =>
        Object.fromEntries([['name', name], ...columns.map((column, j) => [column, values[i][j]])]),
      ),
    );
  const states = masks.map(({ state }) => stateText(state));
  writeFileAtomic(
    paths.similarity,
    table(
      [...names, 'state'],
      masks,
      similarity.map((row, i) => [...row, states[i]]),
    ),
  );
  writeFileAtomic(paths.probabilities, table(columns, networks, probabilities));
  writeFileAtomic(
    paths.similarityPicture,
    renderHeatMap({
      title: `How alike the masks of ${className} are`,
      caption: 'cosine over the regions; 1: alike',
      rows: marked,
      columns: marked,
      values: similarity,
    }),
  );
  writeFileAtomic(
    paths.probabilitiesPicture,
    renderHeatMap({
      title: `Probability of ${className} under each mask`,
      caption: `masks: ${columns.map((name, i) => `${i + 1} ${name}`).join('; ')}`, // the map numbers its columns
      rows: networks.map(({ name }) => name),
      columns,
      rowsName: 'network',
      columnsName: 'mask',
      values: probabilities,
    }),
  );
  const tiles = masks.map(({ mask }, i) => ({ heading: marked[i], mask }));
  const title = `Masks of ${className}: do they depend on what was learned?`;
  writeFileAtomic(paths.masks, renderMaskTable({ title, grid, background, rows: [{ heading: '', tiles }] }));
  return paths;
}

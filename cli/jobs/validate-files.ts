import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import type { Grid } from '../../cohort/volume.ts';
import { brightened } from '../../masking/attribution/scaled.ts';
import { type MaskState, stateText } from '../../masking/mask-state.ts';
import type { DeletionCurve } from '../../masking/validation/deletion.ts';
import type { Overlap } from '../../masking/validation/overlap.ts';
import { renderCurves } from '../../report/curves.ts';
import { renderMaskTable } from '../../report/mask-table.ts';

/** A map, or an order to compare with, and what was found of it. */
export interface Measured {
  readonly name: string;
  /** a map that was given; else an order made for comparison */
  readonly given: boolean;
  readonly curve: DeletionCurve;
  /** share of all voxels at or below 0.95; null of an order for comparison */
  readonly touchedShare: number | null;
  /** whether a mask may be believed; null of an order for comparison */
  readonly state: MaskState | null;
  /** against the planted atrophy; null without a truth, and of an order for comparison */
  readonly overlap: Overlap | null;
}

export interface ValidateContent {
  readonly className: string;
  readonly grid: Grid;
  readonly background: Float32Array;
  /** in percent of the brain's voxels */
  readonly shares: readonly number[];
  readonly measured: readonly Measured[];
  readonly masks: readonly { readonly name: string; readonly mask: Float32Array }[];
  readonly truth: Uint8Array | null;
}

export interface ValidatePaths {
  readonly table: string;
  readonly deletion: string;
  readonly deletionPicture: string;
  readonly maps: string;
  readonly sidecar: string;
}

/** Marks a folder that holds a validation; it is written last. */
export const validateMarker = 'validation.tsv';

/** Where a validation's files are. */
export function validatePaths(directory: string): ValidatePaths {
  const place = (name: string) => path.join(directory, name);
  return {
    table: place(validateMarker),
    deletion: place('deletion.tsv'),
    deletionPicture: place('deletion.png'),
    maps: place('maps.png'),
    sidecar: place('validate.json'),
  };
}

/** Writes tables and pictures. The same content gives the same bytes. */
export function writeValidateFiles(directory: string, content: ValidateContent): ValidatePaths {
  const { shares, measured, className } = content;
  const paths = validatePaths(directory);
  const columns = ['share', ...measured.map(({ name }) => name)];
  const rows = shares.map((share, i) =>
    Object.fromEntries([
      ['share', share],
      ...measured.map(({ name, curve }) => [name, curve.probability[i]]),
    ]),
  );
  writeFileAtomic(paths.deletion, formatTable(columns, rows));
  writeFileAtomic(
    paths.deletionPicture,
    renderCurves(
      measured.map(({ name, curve }) => ({ name, x: shares, y: curve.probability })),
      {
        title: `Deletion: ${className} as voxels become mu`,
        xName: "share of the brain's voxels replaced, in percent",
        yName: `P(${className})`,
        legend: 'right',
      },
    ),
  );
  writeFileAtomic(paths.maps, mapsPicture(content));
  writeFileAtomic(paths.table, validationTable(measured));
  return paths;
}

function validationTable(measured: readonly Measured[]): string {
  const rows = measured.map(({ name, given, curve, touchedShare, state, overlap }) => ({
    name,
    kind: given ? 'map' : 'comparison',
    deletion_area: curve.area,
    touched_share: touchedShare,
    precision: overlap?.precision,
    recall: overlap?.recall,
    dice: overlap?.dice,
    precision_at_size: overlap?.atSize,
    average_precision: overlap?.averagePrecision,
    chance: overlap?.chance,
    state: state && stateText(state),
  }));
  return formatTable(Object.keys(rows[0]), rows);
}

/** All maps and the truth side by side, each with its own colours: attribution maps differ in scale. */
function mapsPicture({ grid, background, masks, truth, className }: ValidateContent): Uint8Array {
  const tiles = [
    ...(truth ? [{ heading: 'planted', mask: Float32Array.from(truth, (inside) => 1 - inside) }] : []),
    ...masks.map(({ name, mask }) => ({ heading: name, mask: brightened(mask) })),
  ];
  const perRow = 4;
  const rows = Array.from({ length: Math.ceil(tiles.length / perRow) }, (_, i) => ({
    heading: '',
    tiles: tiles.slice(i * perRow, (i + 1) * perRow),
  }));
  return renderMaskTable({ title: `Maps of ${className}, each to its own scale`, grid, background, rows });
}

import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { writeVolume } from '../../cohort/nifti.ts';
import { formatTable } from '../../cohort/table.ts';
import type { Grid, Storage } from '../../cohort/volume.ts';
import type { MaskEpoch } from '../../masking/group.ts';
import type { ImageLoss } from '../../masking/image-losses.ts';
import type { MaskLoss } from '../../masking/objective.ts';
import type { RegionUse } from '../../masking/regions.ts';
import { renderBars } from '../../report/bars.ts';
import { renderCurves } from '../../report/curves.ts';
import { renderMosaic } from '../../report/mosaic.ts';

/** The results of a group mask that go into files. */
export interface MaskContent {
  /** What the mask is of, for titles: the class under study. */
  readonly className: string;
  readonly grid: Grid;
  /** how an input image is stored: the masks are stored so too */
  readonly storage: Storage;
  /** x slowest and z fastest, as all volumes in memory */
  readonly mask: Float32Array;
  readonly thresholded: Float32Array;
  /** mean of the fitted images */
  readonly background: Float32Array;
  readonly epochs: readonly MaskEpoch[];
  readonly best: MaskEpoch;
  /** of every fitted image under the mask; null where nobody looked */
  readonly losses: readonly ImageLoss[] | null;
  /** highest density first; null without an atlas */
  readonly regions: readonly RegionUse[] | null;
  /** names of the regions where a simulated cohort has its atrophy */
  readonly planted: readonly string[];
}

/** Paths of what was written. */
export interface MaskPaths {
  readonly mask: string;
  readonly thresholded: string;
  readonly losses: string;
  readonly lossesPicture: string;
  readonly outliers: string | null;
  readonly mosaic: string;
  readonly regions: string | null;
  readonly regionsPicture: string | null;
}

/** Marks a folder that holds a mask; it is written last. */
export const maskMarker = 'mask.nii.gz';

/**
 * Writes a group mask into a folder: volumes, tables and pictures. The same content gives the same bytes.
 */
export function writeMaskFiles(directory: string, content: MaskContent): MaskPaths {
  const { grid, className, mask, thresholded, regions } = content;
  const paths = maskPaths(directory, { losses: content.losses !== null, regions: regions !== null });
  writeFileAtomic(paths.losses, lossTable(content.epochs));
  writeFileAtomic(paths.lossesPicture, lossPicture(content));
  if (content.losses && paths.outliers) writeFileAtomic(paths.outliers, outlierTable(content.losses));
  writeFileAtomic(
    paths.mosaic,
    renderMosaic({
      grid,
      background: content.background,
      mask: thresholded,
      title: `Group mask of ${className}`,
    }),
  );
  if (regions && paths.regions && paths.regionsPicture) {
    writeFileAtomic(paths.regions, regionTable(regions));
    writeFileAtomic(paths.regionsPicture, regionPicture(content, regions));
  }
  writeVolume(paths.thresholded, thresholded, content, { description: `voxmask ${className}, thresholded` });
  writeVolume(paths.mask, mask, content, { description: `voxmask ${className}` });
  return paths;
}

/** Where a group mask's files lie. @param has which of those there are that not every mask has */
export function maskPaths(directory: string, has: { losses: boolean; regions: boolean }): MaskPaths {
  const place = (name: string) => path.join(directory, name);
  return {
    mask: place(maskMarker),
    thresholded: place('mask_thresholded.nii.gz'),
    losses: place('losses.tsv'),
    lossesPicture: place('losses.png'),
    outliers: has.losses ? place('outliers.tsv') : null,
    mosaic: place('mosaic.png'),
    regions: has.regions ? place('regions.tsv') : null,
    regionsPicture: has.regions ? place('regions.png') : null,
  };
}

const terms = ['total', 'size', 'variation', 'score'] as const satisfies readonly (keyof MaskLoss)[];

function lossTable(epochs: readonly MaskEpoch[]): string {
  const named = (prefix: string, loss: MaskLoss) => terms.map((term) => [`${prefix}_${term}`, loss[term]]);
  const rows = epochs.map(({ epoch, steps, train, validation }) =>
    Object.fromEntries([
      ['epoch', epoch],
      ['steps', steps],
      ...named('train', train),
      ...named('validation', validation),
    ]),
  );
  return formatTable(Object.keys(rows[0]), rows);
}

function lossPicture({ epochs, best, className }: MaskContent): Uint8Array {
  const x = epochs.map(({ epoch }) => epoch);
  const series = [
    { name: 'images to fit on', x, y: epochs.map(({ train }) => train.total) },
    { name: 'images to select on', x, y: epochs.map(({ validation }) => validation.total) },
  ];
  // Probabilities fall over orders of magnitude; logits may be negative.
  const logY = series.every(({ y }) => y.every((value) => value > 0));
  const mark = { x: best.epoch, name: `kept: epoch ${best.epoch}` };
  return renderCurves(series, { title: `Masking loss, ${className}`, logY, mark });
}

function outlierTable(losses: readonly ImageLoss[]): string {
  const rows = [...losses].sort((a, b) => b.z - a.z);
  return formatTable(
    ['participant_id', 'session_id', 'loss', 'z', 'outlier'],
    rows.map(({ session, loss, z, outlier }) => ({
      participant_id: session.participantId,
      session_id: session.sessionId,
      loss,
      z,
      outlier,
    })),
  );
}

function regionTable(regions: readonly RegionUse[]): string {
  return formatTable(
    ['value', 'name', 'voxels', 'density', 'sum'],
    regions.map(({ region, voxels, density, sum }) => ({ ...region, voxels, density, sum })),
  );
}

function regionPicture({ className, planted }: MaskContent, regions: readonly RegionUse[]): Uint8Array {
  const bars = regions.map(({ region, density }) => ({
    name: region.name,
    value: density,
    ...(planted.length > 0 && { planted: planted.includes(region.name) }),
  }));
  return renderBars(bars, { title: `Regions occluded by the mask of ${className}` });
}

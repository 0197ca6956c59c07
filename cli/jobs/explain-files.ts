import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { writeVolume } from '../../cohort/nifti.ts';
import { formatTable } from '../../cohort/table.ts';
import type { Grid, Storage } from '../../cohort/volume.ts';
import type { Method } from '../../masking/attribution/index.ts';
import { brightened } from '../../masking/attribution/scaled.ts';
import type { RegionUse } from '../../masking/regions.ts';
import { renderBars } from '../../report/bars.ts';
import { renderMosaic } from '../../report/mosaic.ts';

/** One method's map that goes into files. */
export interface ExplainContent {
  readonly method: Method;
  readonly className: string;
  readonly grid: Grid;
  /** how an input image is stored: the maps are stored so too */
  readonly storage: Storage;
  /** as computed, mean over the images */
  readonly attribution: Float32Array;
  /** the same in the form of a mask */
  readonly mask: Float32Array;
  /** mean of the images */
  readonly background: Float32Array;
  /** highest density first; null without an atlas */
  readonly regions: readonly RegionUse[] | null;
}

export interface ExplainPaths {
  readonly attribution: string;
  readonly mask: string;
  readonly mosaic: string;
  readonly regions: string | null;
  readonly regionsPicture: string | null;
  readonly sidecar: string;
}

/** Marks a folder that holds a method's map; it is written last. */
export const explainMarker = 'attribution.nii.gz';

/** Where a method's files are. */
export function explainPaths(directory: string, regions: boolean): ExplainPaths {
  const place = (name: string) => path.join(directory, name);
  return {
    attribution: place(explainMarker),
    mask: place('mask.nii.gz'),
    mosaic: place('mosaic.png'),
    regions: regions ? place('regions.tsv') : null,
    regionsPicture: regions ? place('regions.png') : null,
    sidecar: place('explain.json'),
  };
}

/** Writes a method's map into a folder. The same content gives the same bytes. */
export function writeExplainFiles(directory: string, content: ExplainContent): ExplainPaths {
  const { grid, method, className, mask, regions } = content;
  const paths = explainPaths(directory, regions !== null);
  const title = `${method} of ${className}`;
  const valueName = 'positive part, 1: what a hundredth of the voxels exceeds';
  writeFileAtomic(
    paths.mosaic,
    renderMosaic({ grid, background: content.background, mask: brightened(mask), title, valueName }),
  );
  if (regions && paths.regions && paths.regionsPicture) {
    const rows = regions.map(({ region, voxels, density, sum }) => ({ ...region, voxels, density, sum }));
    writeFileAtomic(paths.regions, formatTable(['value', 'name', 'voxels', 'density', 'sum'], rows));
    const bars = regions.map(({ region, density }) => ({ name: region.name, value: density }));
    writeFileAtomic(paths.regionsPicture, renderBars(bars, { title, valueName: 'mean of the scaled map' }));
  }
  writeVolume(paths.mask, mask, content, { description: `voxmask ${className}, ${method} as a mask` });
  writeVolume(paths.attribution, content.attribution, content, {
    description: `voxmask ${className}, ${method}`,
  });
  return paths;
}

import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import { type MaskState, stateText } from '../../masking/mask-state.ts';
import { type MaskRegions, type RegionDetail, regionDetails } from '../../masking/region-details.ts';
import { renderBars } from '../../report/bars.ts';
import { writeSidecar } from '../sidecar.ts';
import { stateOf } from './mask-origin.ts';
import { findMasks } from './mask-sets.ts';
import { type AtlasChoice, commonGrid, eachMask, type MaskReading, maskAtlas } from './mask-volumes.ts';
import { openOutput } from './output.ts';

export interface RegionsOptions extends MaskReading {
  /** files, folders or tables of masks */
  readonly masks: readonly string[];
  readonly atlas: AtlasChoice;
  /** folder for tables and pictures; null to write none */
  readonly out: string | null;
  readonly overwrite: boolean;
}

/** One mask's regions, densest first. */
export interface MeasuredMask extends MaskRegions {
  readonly mask: string;
  readonly file: string;
  /** whether the mask may be believed */
  readonly state: MaskState;
}

export interface RegionsResult {
  readonly masks: readonly MeasuredMask[];
  /** names of the atlas's table that were mended */
  readonly mended: readonly string[];
  readonly paths: RegionsPaths | null;
}

export interface RegionsPaths {
  readonly regions: string;
  readonly masks: string;
  readonly pictures: readonly string[];
  readonly sidecar: string;
}

/** Marks a folder that holds measured regions. */
export const regionsMarker = 'regions.tsv';

/**
 * Measures masks over an atlas's regions: per region density, sum, touched volume and peak, and how much of each mask lies
 * outside them all.
 *
 * @throws InputError when a mask leaves [0, 1] (all such are named), grids differ, or the atlas does not fit
 */
export function measureRegions(options: RegionsOptions): RegionsResult {
  const startedAt = new Date();
  const entries = findMasks(options.masks);
  const files = entries.map(({ file }) => file);
  const atlas = maskAtlas(options.atlas, commonGrid(files));
  const output =
    options.out === null ? null : openOutput(options.out, { by: 'regions', overwrite: options.overwrite });
  try {
    output?.require(
      [
        regionsMarker,
        'masks.tsv',
        'regions.json',
        ...entries.map(({ name }) => pictureName(name, entries.length)),
      ],
      regionsMarker,
    );
    output?.requireRemovable();
    const masks: MeasuredMask[] = [];
    eachMask(files, options, (mask, i) => {
      const details = regionDetails(mask, atlas);
      const regions = [...details.regions].sort((a, b) => b.density - a.density);
      const state = stateOf(entries[i].with, mask);
      masks.push({ mask: entries[i].name, file: files[i], state, ...details, regions });
    });
    const mended = atlas.mended ?? [];
    output?.removeAll();
    const paths = options.out === null ? null : writeRegions(options.out, masks);
    if (paths && options.out !== null) {
      writeSidecar(options.out, 'regions', {
        command: 'regions',
        options: { ...options },
        seed: null,
        startedAt,
        finishedAt: new Date(),
        results: { mended },
      });
    }
    return { masks, mended, paths };
  } finally {
    output?.close();
  }
}

function pictureName(mask: string, masks: number): string {
  return masks === 1 ? 'regions.png' : `regions_${mask.replace(/[^\w.-]+/g, '_')}.png`;
}

function writeRegions(directory: string, masks: readonly MeasuredMask[]): RegionsPaths {
  const place = (name: string) => path.join(directory, name);
  const pictures = masks.map(({ mask, regions }) => {
    const file = place(pictureName(mask, masks.length));
    const bars = regions.map(({ region, density }) => ({ name: region.name, value: density }));
    writeFileAtomic(file, renderBars(bars, { title: `Regions occluded by ${mask}` }));
    return file;
  });
  writeFileAtomic(place('masks.tsv'), maskTable(masks));
  const rows = masks.flatMap(({ mask, state, regions }) =>
    regions.map((detail) => ({ mask, ...regionCells(detail), state: stateText(state) })),
  );
  writeFileAtomic(place(regionsMarker), formatTable(Object.keys(rows[0]), rows));
  return {
    regions: place(regionsMarker),
    masks: place('masks.tsv'),
    pictures,
    sidecar: place('regions.json'),
  };
}

function maskTable(masks: readonly MeasuredMask[]): string {
  const rows = masks.map(({ mask, total, outsideShare, touchedVolume, state, file }) => ({
    mask,
    sum: total,
    touched_mm3: touchedVolume,
    outside_share: outsideShare,
    convergence: state.convergence,
    extent: state.extent,
    path: file,
  }));
  return formatTable(Object.keys(rows[0]), rows);
}

function regionCells({ region, voxels, density, sum, touchedVolume, peak }: RegionDetail) {
  return {
    value: region.value,
    name: region.name,
    voxels,
    density: voxels > 0 ? density : null, // no voxel at this resolution: kept, without a number
    sum,
    touched_mm3: touchedVolume,
    peak: peak?.value,
    peak_x: peak?.at[0],
    peak_y: peak?.at[1],
    peak_z: peak?.at[2],
  };
}

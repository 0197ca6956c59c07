import { readAtlas } from '../atlas.ts';
import { InputError } from '../error.ts';
import { readVolume, storageFor } from '../nifti.ts';
import { noteNaN } from '../reading-notes.ts';
import { describeGrids, type Grid, type Storage, sameGrid } from '../volume.ts';
import { type Brain, evaluateBrain } from './brain.ts';
import { boxGrid, coarseRegions, fineResolution } from './grids.ts';
import type { SimulateOptions } from './options.ts';

/** What a cohort is drawn from, and the grid on which its maps and its atlas are written. */
export interface Source {
  readonly brain: Brain;
  readonly grid: Grid;
  /** How the maps are stored. */
  readonly storage: Storage;
  /** The parcellation on `grid`: 0, or 1 + index into the brain's regions. */
  readonly regionIndex: Uint16Array;
}

/** The formula has no parameters, so one evaluation serves all cohorts of a process. */
let formulaBrain: Brain | undefined;

/** The formula brain, whose maps are stored LAS as SPM and Clinica do. */
export function formulaSource(resolution: number): Source {
  formulaBrain ??= evaluateBrain(boxGrid(fineResolution));
  const brain = formulaBrain;
  const grid = boxGrid(resolution);
  const regionIndex = resolution === fineResolution ? brain.regionIndex : coarseRegions(brain, grid);
  return { brain, grid, storage: storageFor(grid, 'LAS'), regionIndex };
}

/**
 * A real template with its atlas, at the template's own grid and stored as the template is.
 *
 * @throws InputError when a file cannot be read, the template is not an unmodulated probability map, or the atlas lies
 *   on another grid
 */
export function templateSource(template: NonNullable<SimulateOptions['template']>): Source {
  const { grid, data, storage, nanCount } = readVolume(template.image);
  noteNaN(template.image, nanCount);
  const range = data.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [0, 0]);
  if (range[0] < -0.01 || range[1] > 1.01 || range[1] < 0.95) {
    throw new InputError(
      template.image,
      `is no gray-matter probability map: its values go from ${range[0].toFixed(2)} to ${range[1].toFixed(2)}`,
      'Give an unmodulated map, whose maximum is 1 or just below',
    );
  }
  const atlas = readAtlas(template.atlas, template.labels);
  if (!sameGrid(atlas.grid, grid)) {
    const [its, wanted] = describeGrids(atlas.grid, grid);
    throw new InputError(
      template.atlas,
      `lies on another grid than the template: ${its}, where ${wanted} are wanted`,
      "Resample the atlas to the template's grid, by nearest neighbor",
    );
  }
  const numbers = new Map(atlas.regions.map(({ value }, i) => [value, i + 1]));
  const regionIndex = Uint16Array.from(atlas.labels, (label) => numbers.get(label) ?? 0);
  const gray = data.map((value) => Math.min(1, Math.max(0, value)));
  return { brain: { grid, gray, regionIndex, regions: atlas.regions }, grid, storage, regionIndex };
}

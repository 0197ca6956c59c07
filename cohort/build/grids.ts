import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { readGrid } from '../nifti.ts';
import { describeGrid, type Grid, sameGrid } from '../volume.ts';

/** Images that share a grid after orientation. */
export interface GridGroup {
  readonly grid: Grid;
  readonly paths: string[];
}

const shownFaults = 20;

/**
 * Groups images by their grid, read from their headers; the largest group first. Another orientation is no other grid.
 *
 * @throws InputError listing all images that cannot be read
 */
export function groupByGrid(
  paths: readonly string[],
  onImage: (done: number) => void = () => {},
): GridGroup[] {
  const groups: GridGroup[] = [];
  const faults: string[] = [];
  paths.forEach((path, i) => {
    try {
      const grid = readGrid(path);
      const group = groups.find((known) => sameGrid(known.grid, grid));
      if (group) group.paths.push(path);
      else groups.push({ grid, paths: [path] });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.push(`${error.where}: ${error.what}`);
    }
    onImage(i + 1);
  });
  if (faults.length === 0) return groups.sort((a, b) => b.paths.length - a.paths.length);
  throw new InputError(
    'images',
    `${faults.length} cannot be read:${listed(faults, '\n  ', shownFaults)}\n`,
    'Copy or make them again, or leave their sessions out with --exclude',
  );
}

/** One line per group, for messages: how many images, which grid, and the first of them. */
export function describeGroups(groups: readonly GridGroup[]): string[] {
  const plain = groups.map(({ grid }) => describeGrid(grid));
  return groups.map(({ grid, paths }, i) => {
    const twin = plain.filter((text) => text === plain[i]).length > 1;
    const affine = twin ? ` with affine [${grid.affine.slice(0, 12).map(rounded).join(' ')}]` : '';
    return `${paths.length} of ${plain[i]}${affine}, as ${paths[0]}`;
  });
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}

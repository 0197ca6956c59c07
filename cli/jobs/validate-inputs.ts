import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { readGrid } from '../../cohort/nifti.ts';
import { describeGrids, type Grid, sameGrid } from '../../cohort/volume.ts';
import type { MaskState } from '../../masking/mask-state.ts';
import { madeWith, stateOf } from './mask-origin.ts';
import { readMask } from './mask-volumes.ts';

/** A mask, or an attribution map in the form of one, with the name that tables and pictures give it. */
export interface NamedMap {
  readonly name: string;
  readonly path: string;
  /** m in [0, 1] */
  readonly mask: Float32Array;
  /** whether it may be believed; of a map that is no mask, what its values say */
  readonly state: MaskState;
}

const inFolder = ['mask_thresholded.nii.gz', 'mask.nii.gz'];

/**
 * Reads masks. Each is a file, or a folder that `voxmask mask` or `voxmask explain` wrote, of which the thresholded mask is
 * taken where there is one; `NAME=PLACE` gives it a name of its own, else it has that of its folder. A file that ends in
 * `_probseg` holds 1 - m.
 *
 * @throws InputError for a place without a mask, two of one name, another grid, or values that are no mask's
 */
export function readMaps(places: readonly string[], grid: Grid): NamedMap[] {
  const maps = places.map((given) => {
    const { name, file } = placeOf(given);
    const own = readGrid(file);
    if (!sameGrid(own, grid)) {
      const [its, wanted] = describeGrids(own, grid);
      throw new InputError(
        file,
        `lies on another grid than the images: ${its}, where ${wanted} are wanted`,
        'Give maps made on these images',
      );
    }
    const mask = readMask(file, { occlusion: false, raw: true });
    return { name, path: file, mask, state: stateOf(madeWith(file), mask) };
  });
  const repeated = maps.find(({ name }, i) => maps.findIndex((other) => other.name === name) < i);
  if (repeated) {
    throw new InputError(repeated.path, `is the second map named ${repeated.name}`, 'Name it: NAME=PLACE');
  }
  return maps;
}

function placeOf(given: string): { name: string; file: string } {
  const at = existsSync(given) ? -1 : given.indexOf('=');
  const place = given.slice(at + 1);
  const folder = statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const file = folder ? inFolder.map((name) => path.join(place, name)).find(existsSync) : place;
  if (file === undefined)
    throw new InputError(place, `holds no ${inFolder.join(' or ')}`, 'Give a mask, or its folder');
  const own = path.basename(file).replace(/\.nii(\.gz)?$/, '');
  const plain = inFolder.includes(path.basename(file))
    ? path.basename(path.dirname(path.resolve(file)))
    : own;
  return { name: at > 0 ? given.slice(0, at) : plain, file };
}

import { alignedAtlas, readAtlas } from '../../cohort/atlas.ts';
import { InputError } from '../../cohort/error.ts';
import { readGrid } from '../../cohort/nifti.ts';
import type { Session } from '../../cohort/session.ts';
import { describeGrid } from '../../cohort/volume.ts';
import { ImageStore } from '../../model/images.ts';
import { type MaskInputs, type MaskSources, readMaskInputs, readTarget } from './mask-inputs.ts';
import { readMu } from './mask-mu.ts';

/** What is explained: a cohort's images of the class, as a group mask takes them, or a single image. */
export type ExplainSources =
  | MaskSources
  | (Omit<MaskSources, 'cohort' | 'split' | 'independent' | 'fitOn'> & { readonly image: string });

/**
 * Reads everything but the images themselves. A single image is taken whatever its class.
 *
 * @throws InputError for what is missing or does not fit together
 */
export function readExplainInputs(sources: ExplainSources): MaskInputs {
  if (!('image' in sources)) return readMaskInputs(sources);
  const target = readTarget(sources);
  const { model, path: file } = target;
  const { inputShape } = model.architecture;
  const grid = readGrid(sources.image);
  if (!inputShape.every((size, axis) => size === grid.shape[axis])) {
    throw new InputError(
      sources.image,
      `has ${describeGrid(grid)}, but ${file} takes ${inputShape.join(' x ')} voxels`,
      'Give an image made like those that the network was trained with',
    );
  }
  const images = new ImageStore(model.grid ?? grid, { intensity: model.intensity });
  const session: Session = {
    participantId: sources.image,
    sessionId: '',
    diagnosis: '',
    age: null,
    sex: null,
    mmse: null,
    cdr: null,
    path: sources.image,
    line: 0,
  };
  const atlas = sources.atlas && readAtlas(sources.atlas.image, sources.atlas.labels);
  return {
    ...target,
    images,
    fit: [session],
    select: [session],
    atlas: atlas && alignedAtlas(atlas, images.grid, sources.resample),
    mu: readMu(sources, images.grid),
  };
}

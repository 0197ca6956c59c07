import { UsageError } from '../fail.ts';
import { textOption } from '../options.ts';

/** Options that say which network is studied, on which images, as `voxmask mask group` has them. */
export const sourceOptions = {
  model: textOption({ demandOption: true as const, describe: 'Trained network (model.safetensors)' }),
  split: textOption({ describe: "Training's split; split.tsv beside the model by default" }),
  independent: {
    type: 'boolean',
    default: false,
    describe: 'A cohort that the network has not seen: all its images serve',
  },
  class: textOption({ describe: "Class under study; the network's last one by default" }),
  atlas: textOption({ describe: 'Atlas on the grid of the images' }),
  labels: textOption({ describe: "Table of the atlas's region names" }),
  mu: textOption({ default: '1', describe: 'A voxel without information: a number or a volume' }),
  resample: {
    type: 'boolean',
    default: false,
    describe: "Bring an atlas (nearest) or mu (trilinear) of another grid onto the images' one",
  },
} as const;

/** @throws UsageError when only one of the two is given */
export function atlasOf(
  { atlas, labels }: { atlas: string | undefined; labels: string | undefined },
  command: string,
) {
  if ((atlas === undefined) !== (labels === undefined))
    throw new UsageError('--atlas and --labels are given together', command);
  return atlas !== undefined && labels !== undefined ? { image: atlas, labels } : null;
}

/** A number, or the path of a volume. */
export function muOf(mu: string): number | string {
  return mu.trim() !== '' && Number.isFinite(Number(mu)) ? Number(mu) : mu;
}

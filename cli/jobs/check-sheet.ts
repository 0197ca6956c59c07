import { readVolume } from '../../cohort/nifti.ts';
import type { Verdict } from '../../cohort/quality/check.ts';
import { drawsOf, shuffled } from '../../cohort/splits/permutation.ts';
import type { Volume } from '../../cohort/volume.ts';
import type { SheetImage } from '../../report/contact-sheet.ts';

const mostThumbnails = 60;
const typical = 5; // accepted images on the sheet, for comparison
const atRandom = 5; // accepted images that nobody chose: what the check does not notice may be among them

/** An image on a contact sheet, and why it is there. */
export interface Place<T> {
  readonly image: T;
  readonly as: 'doubtful' | 'drawn at random' | 'typical';
}

/**
 * The images on a contact sheet: the worst; of the accepted some at random (the same ones each time), then the most typical.
 *
 * @param images the worst first
 */
export function onSheet<T extends { readonly verdict: Verdict }>(images: readonly T[]): Place<T>[] {
  const bad = images.filter(({ verdict }) => verdict !== 'accepted');
  const accepted = images.filter(({ verdict }) => verdict === 'accepted');
  const others = accepted.slice(0, -typical);
  const drawn = new Set(shuffled(others, drawsOf(0)).slice(0, atRandom));
  const placed = (shown: readonly T[], as: Place<T>['as']) => shown.map((image) => ({ image, as }));
  return [
    ...placed(bad.slice(0, mostThumbnails - typical - atRandom), 'doubtful'),
    ...placed(
      others.filter((image) => drawn.has(image)),
      'drawn at random',
    ),
    ...placed(accepted.slice(-typical), 'typical'),
  ];
}

/** What the sheet shows, for the line below its title. */
export const sheetAbout =
  "gray: gray-matter probability, 0 to 1    L and R: the subject's left and right    rejected and flagged: slices where they differ most from the mean";

/**
 * Reads an image as the sheet draws it.
 *
 * @param scale what its values are divided by, as in `Measures`
 * @param slices indices along x, y and z; null for those through the middle
 * @throws InputError as `readVolume`
 */
export function sheetImage(
  path: string,
  scale: number,
  slices: (volume: Volume) => SheetImage['slices'] | null,
): SheetImage {
  const volume = readVolume(path);
  const { grid, data } = volume;
  return { grid, data, white: scale, slices: slices(volume) ?? undefined };
}

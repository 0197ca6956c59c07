import type { Checked } from '../../cohort/quality/check.ts';
import { drawsOf, shuffled } from '../../cohort/splits/permutation.ts';

const mostThumbnails = 60;
const typical = 5; // accepted images on the sheet, for comparison
const atRandom = 5; // accepted images that nobody chose: what the check does not notice may be among them

/**
 * The images on a contact sheet: the worst; of the accepted some at random (the same ones each time), then the most typical.
 *
 * @param images the worst first
 */
export function onSheet<T extends Pick<Checked, 'verdict'>>(images: readonly T[]): T[] {
  const bad = images.filter(({ verdict }) => verdict !== 'accepted');
  const accepted = images.filter(({ verdict }) => verdict === 'accepted');
  const others = accepted.slice(0, -typical);
  const drawn = new Set(shuffled(others, drawsOf(0)).slice(0, atRandom));
  return [
    ...bad.slice(0, mostThumbnails - typical - atRandom),
    ...others.filter((image) => drawn.has(image)),
    ...accepted.slice(-typical),
  ];
}

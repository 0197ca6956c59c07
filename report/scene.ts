import type { Grid } from '../cohort/volume.ts';
import type { Box, Span } from './views.ts';

/** A voxel of air on every side, so that the tiles do not cut the brain's smooth edge. */
export function widened(box: Box, { shape }: Grid): Box {
  const span = (axis: number): Span => [
    Math.max(0, box[axis][0] - 1),
    Math.min(shape[axis] - 1, box[axis][1] + 1),
  ];
  return [span(0), span(1), span(2)];
}

/** The value shown as white: the 99.5th percentile of the positive ones, so that a few bright voxels do not darken all. */
export function brightest(volume: Float32Array): number {
  const positive = volume.filter((value) => value > 0).sort();
  return positive.length === 0 ? 1 : positive[Math.floor(0.995 * (positive.length - 1))];
}

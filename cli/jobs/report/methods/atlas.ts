import path from 'node:path';
import { readAtlas } from '../../../../cohort/atlas.ts';
import { InputError } from '../../../../cohort/error.ts';
import { describeGrid, type Grid, sameGrid } from '../../../../cohort/volume.ts';
import { type Context, locate } from '../context.ts';
import { member, textOf } from '../numbers.ts';
import type { Result } from '../results.ts';
import type { Shown } from '../shown.ts';
import { joined } from './sharing.ts';

/** An atlas that runs measured regions in. */
export interface UsedAtlas {
  /** of the label volume, as recorded */
  readonly image: string;
  readonly labels: string | null;
  readonly run: Result;
}

/** The atlases of all runs, each once by the names of its files. */
export function usedAtlases({ results }: Context): UsedAtlas[] {
  const found = new Map<string, UsedAtlas>();
  for (const run of results) {
    const given = run.options.atlas;
    const image = textOf(member(given, 'image')) ?? textOf(given);
    if (image === null) continue;
    const labels = textOf(member(given, 'labels')) ?? textOf(run.options.labels);
    const key = `${baseName(image)}\0${labels === null ? '' : baseName(labels)}`;
    if (!found.has(key)) found.set(key, { image, labels, run });
  }
  return [...found.values()];
}

/** Which atlas regions are of, and how it came onto the grid of the images. */
export function regionsText(context: Context, grid: Grid | null): Shown | null {
  const atlases = usedAtlases(context);
  if (atlases.length === 0) return null;
  const { identity } = context;
  const { say } = identity;
  const sum = context.results.some(({ options }) => options.measure === 'sum');
  const density = context.results.some(({ options }) => options.measure !== 'sum' && options.atlas);
  const measure = sum ? (density ? say`mean or the sum` : say`sum`) : say`mean`;
  return joined(identity, ' ', [
    ...atlases.map((atlas) => atlasText(context, atlas, grid)),
    say`Regions are described by the ${measure} of 1 - m over their voxels.`,
  ]);
}

function atlasText(context: Context, { image, labels, run }: UsedAtlas, grid: Grid | null): Shown {
  const { identity } = context;
  const { say, file, from, anonymous } = identity;
  const named = anonymous
    ? say`Regions are those of an atlas`
    : say`Regions are those of the atlas ${file(baseName(image))}`;
  const [imageFile, labelsFile] = [image, labels].map((given) => locate(context, given, run.folder));
  const atlas = imageFile && labelsFile ? readable(imageFile, labelsFile) : null;
  if (!atlas) return say`${named}.`;
  const counted = say`${named} (${atlas.regions.length} regions)`;
  if (!grid) return say`${counted}.`;
  return sameGrid(atlas.grid, grid)
    ? say`${counted}, on the grid of the images.`
    : say`${counted}, resampled from ${from(describeGrid, atlas.grid)} to the grid of the images by nearest neighbour.`;
}

function readable(image: string, labels: string) {
  try {
    return readAtlas(image, labels);
  } catch (error) {
    if (error instanceof InputError) return null; // the section of regions says so
    throw error;
  }
}

function baseName(file: string): string {
  return path.basename(file.replaceAll('\\', '/'));
}

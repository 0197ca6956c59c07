import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readVolume } from '../../../cohort/nifti.ts';
import { readTable } from '../../../cohort/table.ts';
import { sameGrid } from '../../../cohort/volume.ts';
import { methods } from '../../../masking/attribution/index.ts';
import { brightened } from '../../../masking/attribution/scaled.ts';
import { axes } from '../../../masking/grid.ts';
import { renderMaskTable } from '../../../report/mask-table.ts';
import { renderMosaic } from '../../../report/mosaic.ts';
import type { Picture } from '../../../report/page/data.ts';
import type { Brain } from './brain.ts';
import { attempt, type Context, resultsOf } from './context.ts';
import { knownStages } from './grids.ts';
import { numberOf } from './numbers.ts';
import type { Result } from './results.ts';
import type { Sealed, Shown } from './shown.ts';

/*
 * Pictures that commands have drawn. An open report takes them as they are. Nobody can tell what is written in a picture, so
 * an anonymous one draws them anew from their volumes, over the brain of the report, and leaves out those whose volumes are
 * missing or on another grid.
 */

/** Figures 3 and 4: masks of a grid. */
export function gridPictures(context: Context, brain: Brain | null): Sealed<Picture>[] {
  const { say, name, anonymous } = context.identity;
  return resultsOf(context, 'grid').flatMap((result) =>
    ['betas', 'lambdas', ...stagesOf(result.folder)].flatMap((stage, i, all) => {
      const file = path.join(result.folder, `masks_${stage}.png`);
      if (all.indexOf(stage) !== i || !existsSync(file)) return [];
      const png = anonymous ? brain && drawStage(context, result, stage, brain) : readFileSync(file);
      const of = name('stage', stage, knownStages);
      if (!png) return [];
      return [
        {
          name: say`grid_${of}`,
          png,
          alt: say`Coronal slices of masks over the options of the stage ${of}`,
          caption: say`Masks over the weights and powers of the objective (${of}), as in figures 3 and 4 of the paper.`,
        },
      ];
    }),
  );
}

function stagesOf(folder: string): string[] {
  const file = path.join(folder, 'points.tsv');
  if (!existsSync(file)) return [];
  return [
    ...new Set(
      readFileSync(file, 'utf8')
        .split('\n')
        .slice(1)
        .map((line) => line.split('\t')[0]),
    ),
  ].filter((stage) => stage !== '');
}

/** The masks of a stage in the order of its table: rows along the first option that it varies, columns along the second. */
function drawStage(context: Context, { folder }: Result, stage: string, brain: Brain): Uint8Array | null {
  const { say, own, from, value, file: fileName } = context.identity;
  const file = path.join(folder, 'points.tsv');
  const table = attempt(context, fileName(file), () => readTable(file));
  const points = (table?.rows ?? []).filter((row) => row.stage === stage);
  const varied = axes.filter((axis) => new Set(points.map((row) => row[axis])).size > 1);
  const [first, second] = own(...varied);
  if (first === undefined) return null;
  const tile = (axis: Shown, row: (typeof points)[number]) => {
    const mask = volumeOn(context, path.join(folder, row.mask), brain);
    return mask && { heading: say`${axis} ${value(numberOf(row[axis]))}`, mask };
  };
  const values = [...new Set(points.map((row) => row[first]))];
  const rows = second
    ? values.map((of) => ({
        heading: say`${first} ${value(numberOf(of))}`,
        tiles: points.filter((row) => row[first] === of).map((row) => tile(second, row)),
      }))
    : [{ heading: first, tiles: points.map((row) => tile(first, row)) }];
  if (!rows.some(({ tiles }) => tiles.some((one) => one !== null))) return null;
  const title = second ? say`Masks by ${first} and ${second}` : say`Masks by ${first}`;
  return from(renderMaskTable, { title, grid: brain.grid, background: brain.gray, rows });
}

function volumeOn(context: Context, file: string, { grid }: Brain): Float32Array | null {
  if (!existsSync(file)) return null;
  const volume = attempt(context, context.identity.file(file), () => readVolume(file));
  return volume && sameGrid(volume.grid, grid) ? volume.data : null;
}

/** Maps of other methods. */
export function explained(context: Context, brain: Brain | null): Sealed<Picture>[] {
  const { say, name, from, anonymous } = context.identity;
  return resultsOf(context, 'explain').flatMap(({ folder, place }) => {
    const file = path.join(folder, 'mosaic.png');
    if (!existsSync(file)) return [];
    const of = name('map', place.split('/').pop() ?? '', methods);
    const drawn = () => {
      const mask = brain && volumeOn(context, path.join(folder, 'mask.nii.gz'), brain);
      if (!mask) return null;
      const layers = { grid: brain.grid, background: brain.gray, mask: brightened(mask) };
      return from(renderMosaic, { ...layers, title: of });
    };
    const png = anonymous ? drawn() : readFileSync(file);
    if (!png) return [];
    return [
      {
        name: say`explain_${from((text: string) => text.replace(/\W+/g, '-'), of)}`,
        png,
        alt: say`Slices of the ${of} map`,
        caption: say`${of}: what another method of explanation shows.`,
      },
    ];
  });
}

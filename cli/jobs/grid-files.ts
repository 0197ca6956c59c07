import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import type { Grid } from '../../cohort/volume.ts';
import {
  type Axis,
  axes,
  type GridLine,
  type GridPoint,
  type GridStage,
  gridPoints,
  variedAxes,
} from '../../masking/grid.ts';
import { marksOf, stateText } from '../../masking/mask-state.ts';
import type { ObjectiveOptions } from '../../masking/objective.ts';
import { renderMaskTable } from '../../report/mask-table.ts';
import type { LineSimilarity } from './grid.ts';
import type { MadePoint } from './grid-point.ts';

/** A mask of a grid, and what came of it. */
export interface PointResult extends MadePoint {
  readonly point: GridPoint;
}

/** What a finished grid writes. */
export interface GridContent {
  readonly stages: readonly GridStage[];
  readonly made: readonly PointResult[];
  /** what a point does not say */
  readonly objective: ObjectiveOptions;
  readonly lines: readonly LineSimilarity[];
  readonly maskOf: (point: GridPoint) => Float32Array;
  readonly grid: Grid;
  /** mean of images of the class */
  readonly background: Float32Array;
}

/** Paths of a grid's files; pictures and tables one for each stage, or line. */
export interface GridPaths {
  readonly points: string;
  readonly similarities: readonly string[];
  readonly pictures: readonly string[];
  readonly sidecar: string;
}

/** Marks a folder that holds a finished grid. */
export const gridMarker = 'points.tsv';

/** The last column of tables of similarities: the state of the line's mask. */
export const stateColumn = 'state';

/** Where a grid's files are, but for its masks. */
export function gridPaths(
  directory: string,
  stages: readonly GridStage[],
  lines: readonly Pick<GridLine, 'stage' | 'axis'>[],
): GridPaths {
  const place = (name: string) => path.join(directory, name);
  return {
    points: place(gridMarker),
    similarities: lines.map(({ stage, axis }) => place(`similarity_${stage}_${axis}.tsv`)),
    pictures: stages.map(({ name }) => place(`masks_${name}.png`)),
    sidecar: place('grid.json'),
  };
}

/** Writes a grid's tables and pictures beside its masks. */
export function writeGrid(directory: string, content: GridContent): GridPaths {
  const { stages, lines } = content;
  const paths = gridPaths(directory, stages, lines);
  lines.forEach((line, i) => {
    writeFileAtomic(paths.similarities[i], similarityTable(line));
  });
  stages.forEach((stage, i) => {
    writeFileAtomic(paths.pictures[i], stagePicture(stage, content));
  });
  writeFileAtomic(paths.points, pointTable(content, directory));
  return paths;
}

function similarityTable({ axis, values, states, similarity }: LineSimilarity): string {
  const columns = [axis, ...values.map((value) => `${axis}=${value}`)];
  const rows = values.map((value, i) =>
    Object.fromEntries([
      [axis, value],
      ...values.map((_, j) => [columns[j + 1], similarity[i][j] ?? undefined]),
      [stateColumn, stateText(states[i])],
    ]),
  );
  return formatTable([...columns, stateColumn], rows);
}

function pointTable({ made, objective }: GridContent, directory: string): string {
  const rows = made.map(({ point, result, learningRate, fellBack, diverged }) => ({
    stage: point.stage,
    ...Object.fromEntries(axes.map((axis) => [axis, weightOf(axis, point, objective)])),
    area: objective.area?.share,
    learning_rate: learningRate,
    steps: result.steps,
    kept_epoch: result.best.epoch,
    loss: result.best.validation.total,
    probability_before: result.probabilities.before,
    probability_after: result.probabilities.after,
    touched_share: result.touchedShare,
    convergence: result.state.convergence,
    last_fall: result.state.lastFall,
    extent: result.state.extent,
    top_regions: (result.regions ?? [])
      .slice(0, 5)
      .map(({ region }) => region.name)
      .join(','),
    mask: path.relative(directory, result.paths.mask),
    fell_back: fellBack,
    diverged,
  }));
  return formatTable(Object.keys(rows[0]), rows);
}

/** Null for what an area takes the place of. */
function weightOf(axis: Axis, point: GridPoint, objective: ObjectiveOptions): number | null {
  if (objective.area && (axis === 'lambda1' || axis === 'beta1')) return null;
  return point.objective[axis] ?? objective[axis];
}

/** Rows along the first option that a stage varies, columns along the second (paper, figures 3 and 4). */
function stagePicture(stage: GridStage, { made, maskOf, grid, background }: GridContent): Uint8Array {
  const [first, second] = variedAxes(stage);
  const points = gridPoints(stage);
  const of = new Map(made.map((one) => [one.point.stage + one.point.name, one]));
  const tile = (point: GridPoint, heading: string) => {
    const { learningRate, fellBack, diverged, result } = of.get(point.stage + point.name)!;
    const marks = marksOf(result.state).map((mark) => `, ${mark}`);
    const told = diverged ? ', diverged' : fellBack ? `, lr ${learningRate}` : '';
    return { heading: [heading, told, ...marks].join(''), mask: maskOf(point) };
  };
  const rows = second
    ? stage.vary[first]!.map((value) => ({
        heading: `${first} ${value}`,
        tiles: points
          .filter(({ values }) => values[first] === value)
          .map((point) => tile(point, `${second} ${point.values[second]}`)),
      }))
    : [{ heading: first, tiles: points.map((point) => tile(point, `${first} ${point.values[first]}`)) }];
  const fixed = Object.entries(stage.fixed).map(([axis, value]) => `${axis} ${value}`);
  const title = [`Masks by ${[first, second].filter(Boolean).join(' and ')}`, ...fixed].join(', ');
  return renderMaskTable({ title, grid, background, rows });
}

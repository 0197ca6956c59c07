import type { ObjectiveOptions } from './objective.ts';

/** What a grid varies: the two weights and the two powers of equation 2. */
export const axes = ['beta1', 'beta2', 'lambda1', 'lambda2'] as const;
export type Axis = (typeof axes)[number];

/** One grid: every combination of the values of two options (or of one), the others fixed. */
export interface GridStage {
  readonly name: string;
  readonly fixed: Partial<Pick<ObjectiveOptions, Axis>>;
  readonly vary: Partial<Readonly<Record<Axis, readonly number[]>>>;
  /** where each option stays while the masks along another one are compared */
  readonly at: Partial<Pick<ObjectiveOptions, Axis>>;
}

/** One mask of a grid. */
export interface GridPoint {
  readonly stage: string;
  /** as beta1-0.1_beta2-1: what is varied */
  readonly name: string;
  readonly values: Partial<Pick<ObjectiveOptions, Axis>>;
  readonly objective: Partial<Pick<ObjectiveOptions, Axis>>;
}

/** The paper's grid (section 2.3.2): first the powers, then the weights; compared as in its tables 2 and 3. */
export const paperGrid: readonly GridStage[] = [
  {
    name: 'betas',
    fixed: { lambda1: 1e-4, lambda2: 1e-3 },
    vary: { beta1: [0.1, 0.5, 1, 2], beta2: [1, 2, 3] },
    at: { beta1: 0.1, beta2: 1 },
  },
  {
    name: 'lambdas',
    fixed: { beta1: 0.1, beta2: 1 },
    vary: { lambda1: [0.1, 0.01, 0.001, 0.0001], lambda2: [0.1, 0.01, 0.001, 0.0001] },
    at: { lambda1: 0.0001, lambda2: 0.01 },
  },
];

/** What a stage varies, in the order of `axes`. */
export function variedAxes({ vary }: GridStage): Axis[] {
  return axes.filter((axis) => vary[axis] !== undefined);
}

/** The masks of a stage: the first varied option changes slowest. */
export function gridPoints(stage: GridStage): GridPoint[] {
  const combinations = variedAxes(stage).reduce<GridPoint['values'][]>(
    (found, axis) =>
      found.flatMap((values) => stage.vary[axis]!.map((value) => ({ ...values, [axis]: value }))),
    [{}],
  );
  return combinations.map((values) => ({
    stage: stage.name,
    name: Object.entries(values)
      .map(([axis, value]) => `${axis}-${value}`)
      .join('_'),
    values,
    objective: { ...stage.fixed, ...values },
  }));
}

/** The masks along one option while the others stay where the stage compares: a row of the paper's tables 2 and 3. */
export interface GridLine {
  readonly stage: string;
  readonly axis: Axis;
  readonly at: Partial<Record<Axis, number>>;
  readonly points: readonly GridPoint[];
}

/** A stage's lines, one for each option that it varies. */
export function gridLines(stage: GridStage): GridLine[] {
  const varied = variedAxes(stage);
  return varied.map((axis) => {
    const at = Object.fromEntries(
      varied
        .filter((other) => other !== axis)
        .map((other) => [other, stage.at[other] ?? stage.vary[other]![0]]),
    );
    const points = gridPoints(stage).filter(({ values }) =>
      Object.entries(at).every(([other, value]) => values[other as Axis] === value),
    );
    return { stage: stage.name, axis, at, points };
  });
}

import { z } from 'zod';
import { axes, type GridStage, paperGrid } from '../../masking/grid.ts';
import { readConfig } from '../config-file.ts';

const weight = z.number().min(0);
const power = z.number().positive();
const options = { beta1: power, beta2: power, lambda1: weight, lambda2: weight };
const values = (one: z.ZodNumber) =>
  z
    .array(one)
    .min(1)
    .refine((list) => new Set(list).size === list.length, 'holds a value twice')
    .optional();
const chosen = z.strictObject(options).partial().default({});

const stage = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/, 'takes letters, digits, - and _')
      .meta({ description: 'Folder of its masks' }),
    fixed: chosen.meta({ description: 'Options that stay; those not named keep the defaults' }),
    vary: z
      .strictObject({
        beta1: values(power),
        beta2: values(power),
        lambda1: values(weight),
        lambda2: values(weight),
      })
      .refine((vary) => [1, 2].includes(axes.filter((axis) => vary[axis]).length), 'names one option or two')
      .meta({ description: 'One option or two, each with its values; every combination is a mask' }),
    at: chosen.meta({ description: 'Where an option stays while masks along another are compared' }),
  })
  .superRefine(({ fixed, vary, at }, context) => {
    for (const axis of axes) {
      if (vary[axis] && fixed[axis] !== undefined)
        context.addIssue({ code: 'custom', path: ['fixed', axis], message: 'is fixed and varied' });
      const place = at[axis];
      if (place !== undefined && !vary[axis]?.includes(place))
        context.addIssue({ code: 'custom', path: ['at', axis], message: 'is none of the varied values' });
    }
  });

/** A grid in YAML. */
export const gridSchema = z.strictObject({
  stages: z
    .array(stage)
    .min(1)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'names of stages must differ'),
});

/** The stages of a grid; the paper's without a file. @throws InputError that lists the file's faults */
export function readStages(file: string | null): readonly GridStage[] {
  if (file === null) return paperGrid;
  return readConfig(file, gridSchema).stages as GridStage[];
}

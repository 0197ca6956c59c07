import path from 'node:path';
import { z } from 'zod';
import { cohortBuildCommand } from '../commands/cohort-build.ts';
import { cohortCheckCommand } from '../commands/cohort-check.ts';
import { compare } from '../commands/compare.ts';
import { evaluate } from '../commands/evaluate.ts';
import { grid } from '../commands/grid.ts';
import { maskGroupCommand } from '../commands/mask-group.ts';
import { maskSessionCommand } from '../commands/mask-session.ts';
import { simulate } from '../commands/simulate.ts';
import { splitKfoldCommand } from '../commands/split-kfold.ts';
import { splitTestCommand } from '../commands/split-test.ts';
import { train } from '../commands/train.ts';
import { requireSettings } from '../commands/train-options.ts';
import { readConfig } from '../config-file.ts';
import { asCommandLine, optionSchema, withLists } from './option-schema.ts';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/, 'takes letters, digits and -');
const notAsked = z.literal(false);

const cohort = z
  .strictObject({
    name: name.meta({ description: 'Of its folders and in the report, as adni' }),
    source: z.string().optional().meta({ description: 'CAPS or BIDS folder, or a table of images' }),
    tables: z.string().optional().meta({ description: 'BIDS folder, or one merged table' }),
    simulate: optionSchema(simulate).optional().meta({ description: 'Options of voxmask simulate' }),
    build: optionSchema(cohortBuildCommand, ['tables']).default({}),
    check: optionSchema(cohortCheckCommand).default({}),
  })
  .refine(({ source, simulate }) => (source === undefined) !== (simulate === undefined), {
    message: 'takes either source or simulate',
  });

const masks = ['model', 'cohort', 'split', 'atlas', 'labels', 'independent', 'class'];

/** A study: sections by the commands they stand for; in each, the options of that command by their names. */
export const studySchema = z.strictObject({
  name: name.meta({ description: "The study's name, and its folder unless --out names one" }),
  cohorts: z.strictObject({
    train: cohort.meta({ description: 'For training, validation and test' }),
    independent: cohort.optional().meta({ description: 'One that no network sees before' }),
  }),
  atlas: z
    .strictObject({ image: z.string(), labels: z.string() })
    .optional()
    .meta({ description: "Regions of interest; a simulated cohort's own when not given" }),
  class: z.string().default('AD').meta({ description: 'The class under study' }),
  split: z
    .strictObject({
      test: z.union([notAsked, optionSchema(splitTestCommand)]).default({}),
      folds: optionSchema(splitKfoldCommand).default({}),
    })
    .prefault({}),
  train: optionSchema(train, ['split', 'fold', 'runs', 'split-seed', 'folds'])
    .superRefine(
      asCommandLine((given) => requireSettings(withLists(given, ['channels', 'sub-blocks', 'classes']))),
    )
    .default({}),
  runs: z.int().min(1).default(5).meta({ description: 'Trainings of fold 0, of different initialisation' }),
  evaluate: optionSchema(evaluate, ['model', 'set']).default({}),
  grid: z
    .union([
      notAsked,
      optionSchema(grid, masks).extend({
        file: z.string().optional().meta({ description: "Grid in YAML; the paper's when not given" }),
      }),
    ])
    .default({}),
  masks: z
    .strictObject({
      group: optionSchema(maskGroupCommand, masks).default({}),
      independent: optionSchema(maskGroupCommand, [...masks, 'fit-on']).default({}),
      session: z
        .union([notAsked, optionSchema(maskSessionCommand, [...masks, 'image', 'sessions'])])
        .default({}),
    })
    .prefault({}),
  compare: optionSchema(compare, ['atlas', 'labels', 'model', 'class', 'images']).default({}),
});

export type StudyConfig = z.output<typeof studySchema>;
export type CohortConfig = StudyConfig['cohorts']['train'];

/**
 * Reads a study file; paths in it become absolute, counted from its folder.
 *
 * @throws InputError that lists all faults with their lines
 */
export function readStudy(file: string): StudyConfig {
  const config = readConfig(file, studySchema);
  const from = path.dirname(path.resolve(file));
  const absolute = <T extends string | undefined>(given: T): T =>
    (given === undefined ? given : path.resolve(from, given)) as T;
  const ofCohort = <T extends CohortConfig | undefined>(given: T): T =>
    given && { ...given, source: absolute(given.source), tables: absolute(given.tables) };
  const { cohorts, atlas } = config;
  return {
    ...config,
    cohorts: { train: ofCohort(cohorts.train), independent: ofCohort(cohorts.independent) },
    atlas: atlas && { image: absolute(atlas.image), labels: absolute(atlas.labels) },
    grid: config.grid && { ...config.grid, file: absolute(config.grid.file as string | undefined) },
  };
}

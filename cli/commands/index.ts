import { commandOptions } from '../command-options.ts';
import type { Command } from '../command-tree.ts';
import { bench } from './bench.ts';
import { cohort } from './cohort.ts';
import { compare } from './compare.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { evaluate } from './evaluate.ts';
import { explainCommand } from './explain.ts';
import { exportCommand } from './export.ts';
import { feedbackCommand } from './feedback.ts';
import { grid } from './grid.ts';
import { importCommand } from './import.ts';
import { mask } from './mask.ts';
import { predict } from './predict.ts';
import { pretrain } from './pretrain.ts';
import { regions } from './regions.ts';
import { reportCommand } from './report.ts';
import { resample } from './resample.ts';
import { sanityCommand } from './sanity.ts';
import { search } from './search.ts';
import { simulate } from './simulate.ts';
import { split } from './split.ts';
import { study } from './study.ts';
import { train } from './train.ts';
import { tune } from './tune.ts';
import { validateCommand } from './validate.ts';

/** Every command of the program, in the order of the help page. A new one is a file beside this one and a line here. */
export const commands: readonly Command[] = [
  demo,
  doctor,
  simulate,
  cohort,
  split,
  pretrain,
  train,
  search,
  predict,
  evaluate,
  mask,
  grid,
  regions,
  compare,
  study,
  explainCommand,
  validateCommand,
  sanityCommand,
  feedbackCommand,
  reportCommand(() => commandOptions(commands)),
  importCommand,
  exportCommand,
  resample,
  bench,
  tune,
];

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Cohort } from '../../cohort/cohort.ts';
import { InputError } from '../../cohort/error.ts';
import { firstSessions, type Session } from '../../cohort/session.ts';
import { refuseLeaks } from '../../cohort/splits/leaks.ts';
import { participantsOf, readSplit } from '../../cohort/splits/split-table.ts';
import { type Model, readModel } from '../../model/model-file.ts';
import { modelFiles, type RunPlace, runOf, splitBeside } from '../../model/model-folder.ts';
import type { EvaluateOptions } from './evaluate.ts';
import { readNotedCohort } from './noted-cohort.ts';

/** A network that is asked. */
export interface Judged {
  /** as results call it: as it was given, or the folder of its training among several */
  readonly name: string;
  readonly file: string;
  readonly model: Model;
  /** null for a network that lies in no folder of trainings */
  readonly place: RunPlace | null;
}

/** A cohort that networks are asked about. */
export interface Asked {
  readonly name: string;
  readonly cohort: Cohort;
  /** by network: the sessions it is asked about */
  readonly sessions: readonly (readonly Session[])[];
}

/** Reads the networks. @throws InputError when one cannot be read, or tells other classes apart than the first */
export function readJudged(places: readonly string[]): Judged[] {
  const judged = places.flatMap((given) => {
    const files = modelFiles(given);
    return files.map((file): Judged => {
      const name = files.length === 1 ? given : path.dirname(path.dirname(file));
      return { name, file, model: readModel(file), place: runOf(file) };
    });
  });
  const { classes } = judged[0].model.architecture;
  for (const { file, model } of judged) {
    const own = model.architecture.classes;
    if (own.join() === classes.join()) continue;
    throw new InputError(
      file,
      `tells ${own.join(', ')} apart, and the first model ${classes.join(', ')}`,
      'Evaluate models of the same classes, in the same order, together',
    );
  }
  return judged;
}

/** Reads the cohorts, and finds whom each network is asked about. @throws InputError as `evaluateModels` */
export function readAsked(options: EvaluateOptions, judged: readonly Judged[]): Asked[] {
  const { classes } = judged[0].model.architecture;
  return options.cohorts.map(({ name, table }) => {
    const cohort = readNotedCohort(table, classes, { allowOneClass: true, copiesCompared: true });
    return { name, cohort, sessions: judged.map(({ file }) => sessionsFor(file, cohort, options)) };
  });
}

function sessionsFor(
  file: string,
  cohort: Cohort,
  { set, allSessions }: EvaluateOptions,
): readonly Session[] {
  const split = splitBeside(file);
  if (set === 'all') {
    if (existsSync(split)) refuseSeen(split, cohort);
    return allSessions ? cohort.sessions : firstSessions(cohort.sessions);
  }
  if (!existsSync(split)) {
    throw new InputError(
      split,
      `does not exist, so it is not known who the ${set} set is`,
      'Give a model with the split that training wrote beside it',
    );
  }
  const side = readSplit(split, cohort)[set];
  return allSessions ? side : firstSessions(side);
}

/** @throws InputError when a network is to be judged by participants that it knows */
function refuseSeen(split: string, cohort: Cohort): void {
  const known = ['train', 'validation'].flatMap((set) => [...participantsOf(split, set)]);
  try {
    refuseLeaks({
      "the network's": known.map((participantId) => ({ participantId })),
      evaluated: cohort.sessions,
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      cohort.path,
      error.what,
      'Give participants whom the network has not seen, or --set validation for its own validation set',
    );
  }
}

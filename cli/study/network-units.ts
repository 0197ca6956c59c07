import { preparing } from './cohort-units.ts';
import type { StudyConfig } from './config.ts';
import { type OptionValues, optionWords } from './option-schema.ts';
import type { Unit } from './unit.ts';
import type { Places } from './units.ts';

/** What units have in common that compute on a GPU. */
export const computing = { ...preparing, gpu: true } as const;

/** A trained network: which fold, which run, and its folder in the study. */
export interface NetworkPlace {
  readonly fold: number;
  readonly run: number;
  readonly folder: string;
  /** the unit that trains it */
  readonly from: string;
}

/** Every fold once, the first one several times (paper, section 3.2.4: five folds, five runs of the first). */
export function networkPlaces({ split, runs }: StudyConfig): NetworkPlace[] {
  return Array.from({ length: foldCount(split) }, (_, fold) => fold).flatMap((fold) =>
    Array.from({ length: fold === 0 ? runs : 1 }, (_, run) => ({
      fold,
      run,
      folder: `train/split-${fold}/run-${run}`,
      from: `train/fold-${fold}`,
    })),
  );
}

function foldCount({ folds }: StudyConfig['split']): number {
  return Number(folds.folds ?? 5);
}

/** Table of the participants that train and validate, and the unit that writes it. */
export function trainingTable({ split }: StudyConfig, { train }: Places): { table: string; from: string } {
  if (split.test === false) return { table: train.table, from: train.from };
  return { table: 'split/test/train-validation.tsv', from: 'split/test' };
}

/** Splits, networks, and their accuracy: experiments 1 to 3 (paper, sections 2.2.1, 2.2.3 and 3.1). */
export function networkUnits(study: StudyConfig, places: Places): Unit[] {
  const { split, train, runs, evaluate } = study;
  const training = trainingTable(study, places);
  const networks = networkPlaces(study);
  const units: Unit[] = [];
  if (split.test !== false)
    units.push({
      ...preparing,
      id: 'split/test',
      title: 'Test set',
      command: [
        'split',
        'test',
        places.train.table,
        ...optionWords(split.test as OptionValues),
        '--out',
        'split/test',
      ],
      out: 'split/test',
      needs: [places.train.from],
    });
  units.push({
    ...preparing,
    id: 'split/folds',
    title: 'Folds',
    command: [
      'split',
      'kfold',
      training.table,
      ...optionWords(split.folds as OptionValues),
      '--out',
      'split/folds',
    ],
    out: 'split/folds',
    needs: [training.from],
  });
  for (let fold = 0; fold < foldCount(split); fold++) {
    const each = fold === 0 ? runs : 1;
    units.push({
      ...computing,
      id: `train/fold-${fold}`,
      experiments: ['E1'],
      title: each > 1 ? `Networks of fold ${fold}, ${each} runs` : `Network of fold ${fold}`,
      command: [
        'train',
        training.table,
        '--split',
        'split/folds',
        '--fold',
        String(fold),
        '--runs',
        String(each),
        ...optionWords(train as OptionValues),
        '--out',
        'train',
      ],
      out: 'train',
      needs: ['split/folds'],
      again: 'resume',
    });
  }
  const first = networks.filter(({ run }) => run === 0);
  const asked = (experiment: string, name: string, table: string, from: string, set: string): Unit => ({
    ...computing,
    id: `evaluate/${name}`,
    experiments: [experiment],
    title: `Accuracy, ${name}`,
    command: [
      'evaluate',
      table,
      '--model',
      first.map(({ folder }) => folder).join(','),
      ...(set === 'all' ? [] : ['--set', set]),
      ...optionWords(evaluate as OptionValues),
      '--out',
      `evaluate/${name}`,
    ],
    out: `evaluate/${name}`,
    needs: [...new Set([...first.map((network) => network.from), from])],
  });
  units.push(asked('E1', 'validation', training.table, training.from, 'validation'));
  if (split.test !== false) units.push(asked('E2', 'test', 'split/test/test.tsv', 'split/test', 'all'));
  if (places.independent)
    units.push(asked('E3', 'independent', places.independent.table, places.independent.from, 'all'));
  return units;
}

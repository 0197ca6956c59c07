import { existsSync } from 'node:fs';
import path from 'node:path';
import { readTable, type Table } from '../../../cohort/table.ts';
import { chanceTestOf } from '../../../model/chance.ts';
import { areaUnderCurve } from '../../../model/evaluation.ts';
import { readTrainingState, trainingText } from '../../../model/training-state.ts';
import {
  type Accuracy,
  type Confusion,
  type Group,
  groups,
  type Training,
} from '../../../report/page/data.ts';
import { attempt, type Context, networkName, resultsOf } from './context.ts';
import { member, numberOf, textOf, textsOf } from './numbers.ts';
import { foldAndRun, type Result } from './results.ts';
import type { Sealed } from './shown.ts';
import { chanceOf, firstOf, predictionsOf, stateOf } from './training-states.ts';

/** The classes that the networks tell apart; the last one is under study. */
export function readClasses(context: Context): readonly string[] {
  const all = resultsOf(context, 'train').map(({ options }) =>
    textsOf(member(options, 'network', 'classes')),
  );
  return all.find((classes) => classes.length > 1) ?? ['CN', 'AD'];
}

/** Trainings of a study, without those of its checks (on random or shuffled labels) and of a random search. */
export function trainingResults(context: Context): Result[] {
  const checks = resultsOf(context, 'sanity', 'search').map(({ place }) => `${place}/`);
  return resultsOf(context, 'train').filter(
    ({ place, options }) => options.shuffleLabels !== true && !checks.some((own) => place.startsWith(own)),
  );
}

/** Every training with its history. */
export function readTrainings(context: Context): Sealed<Training>[] {
  const { file: fileName, name, from } = context.identity;
  return trainingResults(context).map((result) => {
    const { folder, place, options, results } = result;
    const file = firstOf(folder, 'training_logs/training.tsv', 'history.tsv');
    const table = file ? attempt(context, fileName(file), () => readTable(file)) : null;
    const { fold, run } = placeOf(result);
    const best = member(results, 'best');
    const kept = (name: string) => numberOf(member(best, 'validation', name));
    const balancedAccuracy = kept('balancedAccuracy');
    const losses = (table?.rows ?? []).map((row) => Number(row.validation_loss));
    return {
      state: from(trainingText, stateOf(context, result, losses)),
      name: networkName(context, { fold: fold ?? numberOf(options.fold), run }, name('network', place)),
      fold,
      run,
      history: (table?.rows ?? []).map((row) => ({
        epoch: Number(row.epoch),
        trainLoss: numberOf(row.train_loss) ?? Number.NaN,
        validationLoss: numberOf(row.validation_loss) ?? Number.NaN,
        balancedAccuracy: numberOf(row.balanced_accuracy) ?? Number.NaN,
      })),
      keptEpoch: numberOf(member(best, 'epoch')),
      interrupted: member(results, 'interrupted') === true,
      validation:
        balancedAccuracy === null
          ? null
          : {
              balancedAccuracy,
              sensitivity: kept('sensitivity') ?? Number.NaN,
              specificity: kept('specificity') ?? Number.NaN,
            },
    };
  });
}

function placeOf({ place, options }: Result): { fold: number | null; run: number | null } {
  const { fold, run } = foldAndRun(place);
  return { fold: fold ?? numberOf(options.fold), run };
}

/** What networks were found to be worth: by "evaluate", and on the validation set by training itself where that is all. */
export function readAccuracies(context: Context): Sealed<Accuracy>[] {
  const evaluated = resultsOf(context, 'evaluate').flatMap((result) => {
    const file = path.join(result.folder, 'evaluation.tsv');
    const table = existsSync(file)
      ? attempt(context, context.identity.file(file), () => readTable(file))
      : null;
    const classes = readClasses(context);
    return (table?.rows ?? [])
      .filter((row) => row.model !== 'mean')
      .flatMap((row) => accuracyOf(context, result, row, classes));
  });
  const own = trainingResults(context).flatMap((result) => ownAccuracy(context, result));
  const known = (one: Sealed<Accuracy>) =>
    evaluated.some(
      ({ group, fold, run }) => group === one.group && fold === one.fold && (run ?? 0) === (one.run ?? 0),
    );
  const all = [...evaluated, ...own.filter((one) => !known(one))];
  const order = ({ group, fold, run }: Sealed<Accuracy>) =>
    groups.indexOf(group) * 1e6 + (fold ?? -1) * 1e3 + (run ?? 0);
  return all.sort((a, b) => order(a) - order(b));
}

function accuracyOf(
  context: Context,
  result: Result,
  row: Table['rows'][number],
  classes: readonly string[],
): Sealed<Accuracy>[] {
  const balancedAccuracy = numberOf(row.balanced_accuracy);
  if (balancedAccuracy === null) return [];
  const [low, high] = [numberOf(row.balanced_accuracy_low), numberOf(row.balanced_accuracy_high)];
  const cells = ['true_negative', 'false_positive', 'false_negative', 'true_positive'].map((name) =>
    numberOf(row[name]),
  );
  const [tn, fp, fn, tp] = cells;
  const counted = cells.every((cell) => cell !== null) && classes.length === 2;
  const participants = numberOf(row.participants);
  const p = numberOf(row.p_chance);
  const alone = counted && tn! + fp! + fn! + tp! === participants;
  return [
    {
      group: groupOf(result, row.group),
      ...networkOf(context, row.model),
      participants,
      balancedAccuracy,
      interval: low !== null && high !== null ? [low, high] : null,
      chance:
        p !== null
          ? { p, aboveChance: row.above_chance === 'true' }
          : alone
            ? chanceTestOf({ trueNegative: tn!, falsePositive: fp!, falseNegative: fn!, truePositive: tp! })
            : null,
      sensitivity: numberOf(row.sensitivity),
      specificity: numberOf(row.specificity),
      auc: numberOf(row.auc),
      confusion: counted
        ? {
            classes: classes.map(context.identity.className),
            counts: [
              [tn!, fp!],
              [fn!, tp!],
            ],
          }
        : null,
    },
  ];
}

/** Which network a path in a table means: by its folder, or as the training that lies there. */
function networkOf(context: Context, model: string): { fold: number | null; run: number | null } {
  const { fold, run } = foldAndRun(model);
  if (fold !== null) return { fold, run };
  const trained = trainingResults(context);
  const same = trained.find(
    ({ place }) => place !== '' && model.split(/[\\/]/).includes(place.split('/').pop()!),
  );
  const of = same ?? (trained.length === 1 ? trained[0] : undefined);
  return of ? placeOf(of) : { fold: null, run };
}

/** The set by its name, by the folder, or by what was asked. */
function groupOf({ place, options }: Result, named: string | undefined): Group {
  const isGroup = (name: unknown): name is Group => groups.includes(name as Group);
  const folder = place.split('/').pop();
  if (isGroup(folder)) return folder;
  if (isGroup(named)) return named;
  if (options.set === 'validation') return 'validation';
  const cohorts = Array.isArray(options.cohorts) ? options.cohorts : [{ name: named, table: options.cohort }];
  const own = cohorts.find((one) => named === undefined || member(one, 'name') === named) ?? cohorts[0];
  return /(^|[\\/])test\.tsv$/.test(textOf(member(own, 'table')) ?? '') ? 'test' : 'independent';
}

function ownAccuracy(context: Context, result: Result): Sealed<Accuracy>[] {
  const kept = (name: string) => numberOf(member(result.results, 'best', 'validation', name));
  const balancedAccuracy = kept('balancedAccuracy');
  if (balancedAccuracy === null) return [];
  const rows = predictionsOf(context, result);
  return [
    {
      group: 'validation',
      ...placeOf(result),
      participants: rows.length > 0 ? new Set(rows.map((row) => row.participant_id)).size : null,
      balancedAccuracy,
      interval: null,
      chance: readTrainingState(result.results.state)?.chance ?? chanceOf(rows),
      sensitivity: kept('sensitivity'),
      specificity: kept('specificity'),
      auc: aucOf(rows, readClasses(context)),
      confusion: rows.length > 0 ? confusionOf(context, rows) : null,
    },
  ];
}

/** Area under the ROC curve of predictions; null of more than two classes, or where they do not tell it. */
function aucOf(rows: Table['rows'], classes: readonly string[]): number | null {
  if (classes.length !== 2) return null;
  const answers = rows.map((row) => ({
    probability: numberOf(row.proba1) ?? Number.NaN,
    positive: row.true_label === classes[1],
  }));
  const area = areaUnderCurve(answers);
  return Number.isFinite(area) && answers.every(({ probability }) => Number.isFinite(probability))
    ? area
    : null;
}

function confusionOf(context: Context, rows: Table['rows']): Sealed<Confusion> {
  const classes = readClasses(context);
  const count = (truth: string, said: string) =>
    rows.filter((row) => row.true_label === truth && row.predicted_label === said).length;
  const shown = classes.map(context.identity.className);
  return { classes: shown, counts: classes.map((truth) => classes.map((said) => count(truth, said))) };
}

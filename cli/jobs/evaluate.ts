import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Cohort, readCohort } from '../../cohort/cohort.ts';
import { InputError } from '../../cohort/error.ts';
import { firstSessions, type Session } from '../../cohort/session.ts';
import { refuseLeaks } from '../../cohort/splits/leaks.ts';
import { participantsOf, readSplit } from '../../cohort/splits/split-table.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { type Answer, type Evaluation, evaluate } from '../../model/evaluation.ts';
import { ImageStore } from '../../model/images.ts';
import { softmax } from '../../model/metrics.ts';
import { type Model, modelFile, readModel } from '../../model/model-file.ts';
import { Network } from '../../model/network.ts';
import { predictLogits } from '../../model/predict.ts';
import { writeSidecar } from '../sidecar.ts';
import { evaluationPaths, writeEvaluation } from './evaluate-files.ts';
import { prepareOutput } from './output.ts';
import { predictionOf } from './predict.ts';

/** Which of a cohort's sessions are asked about: all, or a side of the split that the network was trained with. */
export const evaluationSets = ['all', 'validation', 'train'] as const;
export type EvaluationSet = (typeof evaluationSets)[number];

export interface EvaluateOptions {
  readonly cohort: string;
  /** model files, or folders of trainings */
  readonly models: readonly string[];
  readonly set: EvaluationSet;
  /** all sessions of each participant, not the first one only */
  readonly allSessions: boolean;
  readonly batchSize: number;
  readonly seed: number;
  readonly out: string;
  readonly overwrite: boolean;
}

export interface EvaluateHooks {
  readonly open: () => Promise<OpenGpu>;
  readonly onImage?: (done: number, of: number) => void;
}

/** One network's evaluation, with what it says of each session. */
export interface Evaluated {
  readonly model: string;
  readonly evaluation: Evaluation;
  readonly sessions: readonly Session[];
  readonly probabilities: readonly (readonly number[])[];
}

export interface EvaluateResult {
  readonly classes: readonly string[];
  readonly models: readonly Pick<Evaluated, 'model' | 'evaluation'>[];
  readonly notNumbers: Readonly<Record<string, number>>;
  readonly paths: ReturnType<typeof evaluationPaths>;
}

/**
 * Evaluates networks on a cohort (paper, section 3: validation, test set, independent cohort): one session per participant
 * unless asked otherwise, metrics with intervals, and what each network says of each session, written to a folder.
 *
 * @throws InputError when a model or the cohort cannot be read, they do not fit, or participants of the cohort trained or
 *   selected a network that is asked about all of it
 */
export async function evaluateModels(
  options: EvaluateOptions,
  hooks: EvaluateHooks,
): Promise<EvaluateResult> {
  const startedAt = new Date();
  const files = options.models.map(modelFile);
  const models = files.map(readModel);
  const { classes } = models[0].architecture;
  const cohort = readCohort(options.cohort, classes, { allowOneClass: true });
  const asked = models.map((model, i) => sessionsFor(model, files[i], cohort, options, classes));
  const stores = models.map((model, i) => imagesFor(model, asked[i]));
  prepareOutput(options.out, 'evaluation.tsv', options.overwrite);
  const { gpu, report } = await hooks.open();
  const total = asked.reduce((sum, sessions) => sum + sessions.length, 0);
  const notNumbers = new Map<string, number>();
  const evaluated: Evaluated[] = [];
  let before = 0;
  for (const [i, model] of models.entries()) {
    const images = stores[i];
    const network = new Network(gpu, model.architecture, model.weights);
    try {
      const logits = await predictLogits(network, images, asked[i], options.batchSize, (done) =>
        hooks.onImage?.(before + done, total),
      );
      const probabilities = logits.map((row) => softmax(row));
      const answers = asked[i].map((session, j) => answerOf(session, probabilities[j], classes));
      evaluated.push({
        model: options.models[i],
        evaluation: evaluate(answers, options.seed),
        sessions: asked[i],
        probabilities,
      });
    } finally {
      network.release();
    }
    before += asked[i].length;
    for (const [file, count] of images.notNumbers) notNumbers.set(file, count);
  }
  writeEvaluation(options.out, evaluated, classes);
  writeSidecar(options.out, 'evaluation', {
    command: 'evaluate',
    options: { ...options },
    seed: options.seed,
    adapter: report,
    startedAt,
    finishedAt: new Date(),
    peakBytes: gpu.memory().peakBytes,
    results: {
      models: evaluated.map(({ model, evaluation }) => ({ model, ...evaluation })),
      notNumbers: Object.fromEntries(notNumbers),
    },
  });
  return {
    classes,
    models: evaluated.map(({ model, evaluation }) => ({ model, evaluation })),
    notNumbers: Object.fromEntries(notNumbers),
    paths: evaluationPaths(options.out),
  };
}

/** The sessions' images as a network takes them. @throws InputError naming all that cannot be used */
function imagesFor({ grid, intensity }: Model, sessions: readonly Session[]): ImageStore {
  if (!grid) return ImageStore.of(sessions, { intensity });
  const images = new ImageStore(grid, { intensity });
  images.expect(sessions);
  return images;
}

function sessionsFor(
  model: Model,
  file: string,
  cohort: Cohort,
  { set, allSessions }: EvaluateOptions,
  classes: readonly string[],
): readonly Session[] {
  if (model.architecture.classes.join() !== classes.join()) {
    throw new InputError(
      file,
      `tells ${model.architecture.classes.join(', ')} apart, and the first model ${classes.join(', ')}`,
      'Evaluate models of the same classes together',
    );
  }
  const split = path.join(path.dirname(file), 'split.tsv');
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

function answerOf(
  { participantId, diagnosis }: Session,
  probabilities: readonly number[],
  classes: readonly string[],
): Answer {
  const under = classes[classes.length - 1];
  return {
    participantId,
    positive: diagnosis === under,
    predicted: predictionOf(probabilities.map(Math.log), classes).predicted === under,
    probability: probabilities[classes.length - 1],
  };
}

import { readGrid } from '../../cohort/nifti.ts';
import type { Session } from '../../cohort/session.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { type Answer, type Evaluation, evaluate } from '../../model/evaluation.ts';
import { ImageStore } from '../../model/images.ts';
import { confusionMatrix, largestOf, softmax } from '../../model/metrics.ts';
import type { Model } from '../../model/model-file.ts';
import type { RunPlace } from '../../model/model-folder.ts';
import { splitBeside } from '../../model/model-folder.ts';
import { Network } from '../../model/network.ts';
import { predictLogits } from '../../model/predict.ts';
import { writeSidecar } from '../sidecar.ts';
import { evaluationPaths, writeEvaluation } from './evaluate-files.ts';
import { recordedAccuracy, recordGroups, refuseOtherGroups, requireGroups } from './evaluate-groups.ts';
import { type Asked, type Judged, readAsked, readJudged } from './evaluate-targets.ts';
import { openOutput, pathsIn } from './output.ts';
import { requireFit } from './predict.ts';
import { refuseCopies, refuseKnownCopies } from './twins.ts';

/** Which of a cohort's sessions are asked about: all, or a side of the split that the network was trained with. */
export const evaluationSets = ['all', 'validation', 'train'] as const;
export type EvaluationSet = (typeof evaluationSets)[number];

export interface EvaluateOptions {
  /** tables of sessions, each with the name that results call it by */
  readonly cohorts: readonly {
    readonly name: string;
    readonly table: string;
    /** whether the answers also go into the folders of the networks, as the group `test-NAME` */
    readonly record: boolean;
  }[];
  /** model files, or folders of trainings: one, or several folds and runs */
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

/** One network's evaluation on one cohort, with what it says of each session. */
export interface Evaluated {
  readonly model: string;
  readonly file: string;
  readonly place: RunPlace | null;
  readonly group: string;
  readonly evaluation: Evaluation;
  /** sessions by true class (row) and predicted class (column) */
  readonly confusion: readonly (readonly number[])[];
  readonly sessions: readonly Session[];
  readonly logits: readonly ArrayLike<number>[];
}

/** Balanced accuracies of a network: of its validation set, as training recorded it, and of each cohort. */
export interface FoldLine {
  readonly model: string;
  readonly fold: number | null;
  readonly run: number | null;
  /** by the group's name; null where it is not known */
  readonly accuracies: Readonly<Record<string, number | null>>;
}

export interface EvaluateResult {
  readonly classes: readonly string[];
  readonly models: readonly Pick<Evaluated, 'model' | 'group' | 'evaluation' | 'confusion'>[];
  /** the paper's tables E1 to E3: a line per network */
  readonly folds: readonly FoldLine[];
  readonly notNumbers: Readonly<Record<string, number>>;
  /** files in the networks' own folders */
  readonly recorded: readonly string[];
  readonly paths: ReturnType<typeof evaluationPaths>;
}

/**
 * Evaluates networks on cohorts (paper, section 3: validation, test set, independent cohort): one session per participant
 * unless asked otherwise, metrics with intervals, and what each network says of each session, written to a folder.
 *
 * @throws InputError when a model or a cohort cannot be read, they do not fit, participants of a cohort (or copies of their
 *   images) trained or selected a network that is asked about all of it, or a group was recorded with other sessions
 */
export async function evaluateModels(
  options: EvaluateOptions,
  hooks: EvaluateHooks,
): Promise<EvaluateResult> {
  const startedAt = new Date();
  const judged = readJudged(options.models);
  const { classes } = judged[0].model.architecture;
  const asked = readAsked(options, judged);
  for (const { cohort } of asked) {
    await refuseCopies(cohort.path, cohort.sessions);
    if (options.set !== 'all') continue;
    for (const { file } of judged) await refuseKnownCopies(cohort.path, cohort.sessions, splitBeside(file));
  }
  const stores = new Map<string, ImageStore>();
  for (const [i, { file, model }] of judged.entries()) {
    for (const one of asked) {
      const sessions = one.sessions[i];
      requireFit(readGrid(sessions[0].path), sessions[0].path, model, file);
      storeFor(model, one, sessions, stores);
    }
  }
  const recording = asked.filter((_, i) => options.cohorts[i].record);
  requireGroups(recording, judged, options.overwrite);
  refuseOtherGroups(recording, judged, options.overwrite);
  const output = openOutput(options.out, { by: 'evaluate', overwrite: options.overwrite });
  try {
    output.require(pathsIn(evaluationPaths(options.out)), 'evaluation.tsv');
    const { gpu, report } = await hooks.open();
    const total = asked.flatMap(({ sessions }) => sessions).reduce((sum, { length }) => sum + length, 0);
    const evaluated: Evaluated[] = [];
    let before = 0;
    for (const [i, { name, file, model, place }] of judged.entries()) {
      const network = new Network(gpu, model.architecture, model.weights);
      try {
        for (const one of asked) {
          const { name: group } = one;
          const sessions = one.sessions[i];
          const images = storeFor(model, one, sessions, stores);
          const logits = await predictLogits(network, images, sessions, options.batchSize, (done) =>
            hooks.onImage?.(before + done, total),
          );
          before += sessions.length;
          const labels = sessions.map(({ diagnosis }) => classes.indexOf(diagnosis));
          evaluated.push({
            model: name,
            file,
            place,
            group,
            evaluation: evaluate(answersOf(sessions, logits, classes), options.seed),
            confusion: confusionMatrix(logits, labels, classes.length),
            sessions,
            logits,
          });
        }
      } finally {
        network.release();
      }
    }
    const notNumbers = Object.fromEntries([...stores.values()].flatMap((store) => [...store.notNumbers]));
    const folds = foldLines(judged, evaluated, options.set);
    writeEvaluation(options.out, evaluated, folds, classes);
    const recorded = recordGroups(recording, evaluated, classes, options.overwrite);
    const models = evaluated.map(({ model, group, evaluation, confusion }) => ({
      model,
      group,
      evaluation,
      confusion,
    }));
    writeSidecar(options.out, 'evaluation', {
      command: 'evaluate',
      options: { ...options },
      seed: options.seed,
      adapter: report,
      startedAt,
      finishedAt: new Date(),
      peakBytes: gpu.memory().peakBytes,
      results: {
        models: models.map(({ evaluation, ...of }) => ({ ...of, ...evaluation, confusion: of.confusion })),
        folds,
        notNumbers,
      },
    });
    return { classes, models, folds, notNumbers, recorded, paths: evaluationPaths(options.out) };
  } finally {
    output.close();
  }
}

/** Images of a cohort are decoded once for all networks that take them alike. @throws InputError naming all that cannot be used */
function storeFor(
  { grid, intensity }: Model,
  { name }: Asked,
  sessions: readonly Session[],
  stores: Map<string, ImageStore>,
): ImageStore {
  const key = JSON.stringify([name, grid, intensity]);
  const known = stores.get(key);
  if (known) return known;
  const store = grid ? new ImageStore(grid, { intensity }) : ImageStore.of(sessions, { intensity });
  if (grid) store.expect(sessions);
  stores.set(key, store);
  return store;
}

/** A line per network, with its validation accuracy where cohorts that it has not seen are asked about. */
function foldLines(
  judged: readonly Judged[],
  evaluated: readonly Evaluated[],
  set: EvaluationSet,
): FoldLine[] {
  return judged.map(({ name, file, place }) => ({
    model: name,
    fold: place?.fold ?? null,
    run: place?.run ?? null,
    accuracies: {
      ...(set === 'all' && { validation: recordedAccuracy(file) }),
      ...Object.fromEntries(
        evaluated
          .filter((one) => one.file === file)
          .map(({ group, evaluation }) => [group, evaluation.scores.balancedAccuracy]),
      ),
    },
  }));
}

function answersOf(
  sessions: readonly Session[],
  logits: readonly ArrayLike<number>[],
  classes: readonly string[],
): Answer[] {
  const under = classes.length - 1;
  return sessions.map(({ participantId, diagnosis }, i) => ({
    participantId,
    positive: diagnosis === classes[under],
    predicted: largestOf(logits[i]) === under,
    probability: softmax(logits[i])[under],
  }));
}

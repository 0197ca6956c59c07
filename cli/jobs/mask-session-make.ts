import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { type Session, sessionName } from '../../cohort/session.ts';
import { touchedShare } from '../../masking/effect.ts';
import { judgeMask } from '../../masking/mask-state.ts';
import { MaskObjective } from '../../masking/objective.ts';
import { type SessionMask, sessionMasks } from '../../masking/session.ts';
import { fastestStack, largestStack } from '../../masking/stack-size.ts';
import { largestOf, softmax } from '../../model/metrics.ts';
import { Network } from '../../model/network.ts';
import { predictLogits } from '../../model/predict.ts';
import { writeSidecar } from '../sidecar.ts';
import type { DatasetLinks } from './bids-uris.ts';
import { keepMean, placeMu } from './mask-mu.ts';
import type { MaskSessionHooks, MaskSessionOptions } from './mask-session.ts';
import { folderOf, type SessionRow, sessionSidecar, writeSessionMask } from './mask-session-files.ts';
import type { SessionInputs } from './mask-session-inputs.ts';

/** Which masks to make, and what is known of them. */
interface Task {
  readonly todo: readonly Session[];
  /** masks that are finished; those made are added */
  readonly rows: Map<Session, SessionRow>;
  readonly identityOf: (session: Session) => string;
  /** SHA-256 of the model's file */
  readonly modelDigest: string;
  /** of the data set that the masks are written into */
  readonly links: DatasetLinks;
  readonly startedAt: Date;
}

/** Session masks' work on the GPU, each written as it ends. All that it puts there is released at the end. */
export async function makeSessionMasks(
  options: MaskSessionOptions,
  inputs: SessionInputs,
  hooks: MaskSessionHooks,
  { todo, rows, identityOf, modelDigest, links, startedAt }: Task,
) {
  const { model, images, classIndex } = inputs;
  const { gpu, report } = await hooks.open();
  const network = new Network(gpu, model.architecture, model.weights);
  const { shared, muOf, mean } = await placeMu(gpu, inputs.mu, images, hooks.signal);
  try {
    const logits = await predictLogits(network, images, todo, 1, (done) => {
      hooks.signal?.throwIfAborted();
      hooks.onClassified?.(done, todo.length);
    });
    const probabilities = new Map(todo.map((session, i) => [session, softmax(logits[i])[classIndex]]));
    const wrong = todo.filter((_, i) => largestOf(logits[i]) !== classIndex);
    // who asks for one image wants its mask, whatever the network calls it
    const wanted = 'image' in options.from ? todo : todo.filter((session) => !wrong.includes(session));
    if (wanted.length === 0 && rows.size === 0) throw noneCorrect(options, inputs);
    const objective = new MaskObjective(network, shared, classIndex, options.objective);
    const batchSize = await atOnce(options, objective, images.grid.shape, wanted, images, hooks.signal);
    if (mean) keepMean(options.out, mean, images.grid, readVolume(todo[0].path).storage);
    hooks.onStart?.(batchSize, wanted.length);
    let finished = 0;
    await sessionMasks({
      objective,
      images,
      sessions: wanted,
      ...(muOf && { muOf }),
      options: { ...options.session, batchSize },
      ...(hooks.signal && { signal: hooks.signal }),
      onStep: (underWay) => hooks.onProgress?.({ finished, of: wanted.length, underWay }),
      onMask: (session, mask) => {
        const before = probabilities.get(session)!;
        const row = writeOne(options, inputs, session, mask, before, {
          identity: identityOf(session),
          modelDigest,
          links,
          run: { adapter: report, startedAt },
        });
        rows.set(session, row);
        finished += 1;
        hooks.onProgress?.({ finished, of: wanted.length, underWay: 0 });
      },
    });
    return {
      report,
      batchSize,
      peakBytes: gpu.memory().peakBytes,
      misclassified: wrong.map(sessionName),
      left: wanted.length - finished,
    };
  } finally {
    network.release();
    shared.release();
  }
}

/** How many masks are optimised at once. @throws InputError when so many do not fit the device */
async function atOnce(
  { session }: MaskSessionOptions,
  objective: MaskObjective,
  shape: readonly number[],
  wanted: readonly Session[],
  images: SessionInputs['images'],
  signal: AbortSignal | undefined,
): Promise<number> {
  if (wanted.length <= 1) return wanted.length;
  if (session.batchSize === null)
    return fastestStack(objective, shape, await images.load(wanted[0]), wanted.length, signal);
  const most = largestStack(objective.network.gpu, shape);
  if (Math.min(session.batchSize, wanted.length) <= most) return Math.min(session.batchSize, wanted.length);
  throw new InputError(
    `--batch-size ${session.batchSize}`,
    `this device holds the masks of ${most} such images together at most`,
    `Give ${most} or fewer, or leave it out`,
  );
}

/** Writes a session's files, its sidecar last: whoever finds it finds all. */
function writeOne(
  options: MaskSessionOptions,
  { className, images, path: model }: SessionInputs,
  session: Session,
  mask: SessionMask,
  before: number,
  {
    identity,
    modelDigest,
    links,
    run,
  }: {
    identity: string;
    modelDigest: string;
    links: DatasetLinks;
    run: { adapter: unknown; startedAt: Date };
  },
): SessionRow {
  const folder = folderOf(options.out, session, 'image' in options.from);
  const made = {
    Class: className,
    model: { path: model, digest: modelDigest },
    Objective: options.objective,
    Mu: options.mu,
  };
  const { grid } = images;
  const { storage } = readVolume(session.path);
  const paths = writeSessionMask(options.out, folder, session, {
    ...mask,
    className,
    grid,
    storage,
    made,
    links,
  });
  const touched = touchedShare(mask.thresholded);
  const curve = mask.losses.map(({ total }, steps) => ({ steps, loss: total }));
  const stopped = mask.ending === 'patience' ? 'patience' : 'limit';
  const row: SessionRow = {
    participantId: session.participantId,
    sessionId: session.sessionId,
    steps: mask.losses.length - 1,
    keptAfter: mask.keptAfter,
    ending: mask.ending,
    loss: mask.losses[mask.keptAfter],
    probabilities: { before, after: mask.probability },
    touchedShare: touched,
    state: judgeMask(curve, stopped, touched),
    path: path.relative(options.out, paths.mask),
  };
  writeSidecar(folder, sessionSidecar, {
    command: 'mask session',
    options: { ...options, className },
    seed: options.objective.perturbation?.seed ?? null,
    ...run,
    finishedAt: new Date(),
    results: { ...row, identity },
  });
  return row;
}

function noneCorrect({ from }: MaskSessionOptions, { className, sessions }: SessionInputs): InputError {
  return new InputError(
    'cohort' in from ? from.cohort : from.image,
    `none of the ${sessions.length} ${className} images is classified correctly by the network, so there is none to make a mask of`,
    'Train the network longer, or give other images of that class ("voxmask predict" shows what the network says)',
  );
}

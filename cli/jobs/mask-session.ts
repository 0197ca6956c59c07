import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import type { Session } from '../../cohort/session.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { type MaskLoss, type ObjectiveOptions, requireFit } from '../../masking/objective.ts';
import type { SessionOptions } from '../../masking/session.ts';
import type { ChanceTest } from '../../model/chance.ts';
import { writeSidecar } from '../sidecar.ts';
import { versions } from '../versions.ts';
import { DatasetLinks } from './bids-uris.ts';
import { digestOf, fileDigest, fileStamp } from './digest.ts';
import { datasetFiles, describeDataset, withSidecars } from './mask-derivatives.ts';
import { keepsMean, meanFile } from './mask-mu.ts';
import { muIdentity } from './mask-resume.ts';
import {
  finishedRow,
  folderOf,
  formatSessions,
  readLosses,
  refuseSameFolder,
  type SessionPaths,
  type SessionRow,
  sessionPaths,
  sessionSidecar,
  sessionsTable,
} from './mask-session-files.ts';
import { readSessionInputs, type SessionInputs, type SessionSources } from './mask-session-inputs.ts';
import { makeSessionMasks } from './mask-session-make.ts';
import { recordedChance } from './network-record.ts';
import { openOutput, pathsIn } from './output.ts';

export interface MaskSessionOptions extends SessionSources {
  /** folder for the results */
  readonly out: string;
  readonly overwrite: boolean;
  readonly objective: ObjectiveOptions;
  /** batchSize null: as many at once as are fastest here */
  readonly session: Omit<SessionOptions, 'batchSize'> & { readonly batchSize: number | null };
}

/** How far session masks are. */
export interface SessionProgress {
  /** masks that are finished, and how many there are to make in this run */
  readonly finished: number;
  readonly of: number;
  /** steps done of those under way */
  readonly underWay: number;
}

export interface MaskSessionHooks {
  /** Opens the GPU; called once the inputs are known to be sound, and only if there is a mask to make. */
  readonly open: () => Promise<OpenGpu>;
  readonly signal?: AbortSignal;
  readonly onClassified?: (done: number, total: number) => void;
  /** Called when it is known how many masks are optimised at once. */
  readonly onStart?: (atOnce: number, of: number) => void;
  readonly onProgress?: (progress: SessionProgress) => void;
}

/** A single image's mask in full. */
export interface SingleMask {
  /** before each step */
  readonly losses: readonly (MaskLoss & { readonly step: number })[];
  /** of the mask after the last step */
  readonly final: MaskLoss;
  readonly paths: SessionPaths;
}

export interface MaskSessionResult {
  readonly className: string;
  readonly sessions: readonly SessionRow[];
  /** sessions of the class asked for; those that the network puts into another class have no mask */
  readonly asked: number;
  readonly misclassified: readonly string[];
  /** masks that were there already */
  readonly before: number;
  readonly batchSize: number | null;
  /** of the masks made now */
  readonly seconds: number;
  readonly peakBytes: number | null;
  readonly notNumbers: Readonly<Record<string, number>>;
  /** what training recorded of the network's accuracy; null where it did not */
  readonly networkChance: ChanceTest | null;
  readonly interrupted: boolean;
  /** masks of this run that are not finished */
  readonly left: number;
  /** of a single image */
  readonly single: SingleMask | null;
  readonly paths: { readonly sessions: string; readonly sidecar: string | null };
}

/**
 * Session masks from files to files (paper, section 2.3.4): which sessions the network puts into the class, a mask of each,
 * its effect, all written session by session. Masks that are finished are not made again, so the same call goes on where an
 * earlier one ended, however it ended.
 *
 * @throws InputError for inputs that are missing or do not fit together, when no session is classified correctly, or when the
 *   folder holds masks made otherwise; what can be known without a GPU is refused before one is opened
 */
export async function maskSessions(
  options: MaskSessionOptions,
  hooks: MaskSessionHooks,
): Promise<MaskSessionResult> {
  const startedAt = new Date();
  const inputs = readSessionInputs(options);
  refuseSameFolder(inputs.sessions);
  requireFit(options.objective, inputs.images.grid.shape);
  const single = 'image' in options.from;
  const modelDigest = fileDigest(inputs.path);
  const identityOf = identities(options, inputs, modelDigest);
  const output = openOutput(options.out, { by: 'mask session', overwrite: options.overwrite });
  try {
    const rows = new Map<Session, SessionRow>();
    for (const session of inputs.sessions) {
      const folder = folderOf(options.out, session, single);
      const row = finishedRow(folder, identityOf(session), options.overwrite);
      if (row) rows.set(session, row);
    }
    const before = rows.size;
    const todo = inputs.sessions.filter((session) => !rows.has(session));
    output.require(todo.flatMap((session) => filesOf(options.out, session, single)));
    output.require([
      ...[...datasetFiles, sessionsTable],
      ...(single ? [] : ['sessions.json']),
      ...(keepsMean(inputs.mu) ? [meanFile] : []),
    ]);
    if (options.overwrite) output.requireRemovable();
    const links = new DatasetLinks(
      options.out,
      inputs.sessions.map((session) => session.path),
    );
    describeDataset(options.out, `Session masks of ${inputs.className}`, links);
    const made =
      todo.length === 0
        ? null
        : await makeSessionMasks(options, inputs, hooks, {
            todo,
            rows,
            identityOf,
            modelDigest,
            links,
            startedAt,
          });
    const ordered = inputs.sessions.flatMap((session) => rows.get(session) ?? []);
    const table = path.join(options.out, sessionsTable);
    writeFileAtomic(table, formatSessions(ordered));
    // Masks of sessions that are not asked for any more, or are misclassified now, would be taken for ones of this run.
    if (options.overwrite && made?.left === 0) {
      const kept = [...rows.keys()].flatMap((session) => filesOf(options.out, session, single));
      const common = [...datasetFiles, sessionsTable, ...(keepsMean(inputs.mu) ? [meanFile] : [])];
      output.removeAll({ keep: [...kept, ...common] });
    }
    const result = {
      className: inputs.className,
      asked: inputs.sessions.length,
      misclassified: made?.misclassified ?? [],
      before,
      batchSize: made?.batchSize ?? null,
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      peakBytes: made?.peakBytes ?? null,
      notNumbers: Object.fromEntries(inputs.images.notNumbers),
      networkChance: recordedChance(inputs.path),
      interrupted: hooks.signal?.aborted ?? false,
      left: made?.left ?? 0,
    };
    const sidecar =
      made === null || single
        ? null
        : writeSidecar(options.out, 'sessions', {
            command: 'mask session',
            options: { ...options, className: inputs.className },
            seed: options.objective.perturbation?.seed ?? null,
            adapter: made.report,
            startedAt,
            finishedAt: new Date(),
            ...(made.peakBytes !== null && { peakBytes: made.peakBytes }),
            results: result,
          });
    const [one] = inputs.sessions;
    return {
      ...result,
      sessions: ordered,
      single: single && rows.has(one) ? inFull(options.out, one) : null,
      paths: { sessions: table, sidecar },
    };
  } finally {
    output.close();
  }
}

/** What a mask follows from: two of one identity are alike on one adapter. */
function identities({ objective, session, mu }: MaskSessionOptions, inputs: SessionInputs, model: string) {
  const { batchSize: _, ...rules } = session; // it does not change a mask
  const common = {
    version: versions().voxmask,
    model,
    className: inputs.className,
    objective,
    rules,
    mu: typeof inputs.mu === 'object' && 'pathOf' in inputs.mu ? mu : muIdentity(mu, inputs.mu),
  };
  return (one: Session): string => {
    const own =
      typeof inputs.mu === 'object' && 'pathOf' in inputs.mu ? inputs.mu.pathOf.get(one) : undefined;
    return digestOf({ ...common, image: fileStamp(one.path), own: own ? fileStamp(own) : null });
  };
}

/** A single image's mask as its files tell, whether they were written now or before. */
function inFull(out: string, session: Session): SingleMask {
  const paths = sessionPaths(out, out, session);
  const losses = readLosses(paths.losses);
  return {
    losses: losses.slice(0, -1).map((loss, i) => ({ step: i + 1, ...loss })),
    final: losses[losses.length - 1],
    paths,
  };
}

/** Every file that is written for a session. */
function filesOf(out: string, session: Session, single: boolean): string[] {
  const folder = folderOf(out, session, single);
  const { probseg, occluded, ...own } = sessionPaths(out, folder, session);
  return pathsIn([own, withSidecars({ probseg, occluded }), path.join(folder, `${sessionSidecar}.json`)]);
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { writeVolume } from '../../cohort/nifti.ts';
import { type Session, sessionName } from '../../cohort/session.ts';
import { formatTable, readTable } from '../../cohort/table.ts';
import type { Grid, Storage } from '../../cohort/volume.ts';
import { type MaskState, readState, unrecordedState } from '../../masking/mask-state.ts';
import type { MaskLoss } from '../../masking/objective.ts';
import type { SessionMask } from '../../masking/session.ts';
import {
  type Derivative,
  type DerivativePaths,
  derivativePaths,
  sessionFolder,
  writeDerivatives,
} from './mask-derivatives.ts';

/** What is told of a session's mask, in the table of all and in its sidecar. */
export interface SessionRow {
  readonly participantId: string;
  readonly sessionId: string;
  /** steps taken, and steps of the mask that is kept */
  readonly steps: number;
  readonly keptAfter: number;
  readonly ending: SessionMask['ending'];
  /** of the kept mask */
  readonly loss: MaskLoss;
  /** the network's probability of the class: as the image is, and under the thresholded mask */
  readonly probabilities: { readonly before: number; readonly after: number };
  readonly touchedShare: number;
  /** whether the mask may be believed */
  readonly state: MaskState;
  /** of the mask m, relative to the folder of the results */
  readonly path: string;
}

/** Files of one session's mask. */
export interface SessionPaths extends DerivativePaths {
  readonly mask: string;
  readonly thresholded: string;
  readonly losses: string;
}

/** The table of all sessions' masks. */
export const sessionsTable = 'sessions.tsv';
export const sessionSidecar = 'mask';

/** The folder of a session's mask: its own, or for a single image that of the results. */
export function folderOf(out: string, session: Session, single: boolean): string {
  return single ? out : path.join(out, sessionFolder(session.participantId, session.sessionId));
}

/** Two sessions whose folders would be one spoil each other. @throws InputError naming them */
export function refuseSameFolder(sessions: readonly Session[]): void {
  const seen = new Map<string, Session>();
  for (const session of sessions) {
    const folder = sessionFolder(session.participantId, session.sessionId).toLowerCase();
    const other = seen.get(folder);
    if (other) {
      const [a, b] = [other, session].map(sessionName);
      throw new InputError(
        `${a}, ${b}`,
        `both belong into ${folder}, since names of folders hold letters and digits only`,
        'Rename one',
      );
    }
    seen.set(folder, session);
  }
}

/** Writes one session's mask: m, thresholded m, losses, derivatives. The same content gives the same bytes. */
export function writeSessionMask(
  out: string,
  folder: string,
  session: Session,
  content: SessionMask & {
    readonly className: string;
    readonly grid: Grid;
    readonly storage: Storage;
    readonly made: Derivative['made'];
    readonly links: Derivative['links'];
  },
): SessionPaths {
  const { mask, thresholded, losses, className, made } = content;
  const paths = sessionPaths(out, folder, session);
  const rows = losses.map((loss, steps) => ({ steps, ...loss }));
  writeFileAtomic(paths.losses, formatTable(['steps', ...lossTerms], rows));
  writeVolume(paths.thresholded, thresholded, content, { description: `voxmask ${className}, thresholded` });
  writeVolume(paths.mask, mask, content, { description: `voxmask ${className}` });
  const of = { participant: session.participantId, session: session.sessionId };
  writeDerivatives(out, { ...content, of, sources: [session.path], made });
  return paths;
}

/** Where the files of a session's mask lie. */
export function sessionPaths(out: string, folder: string, session: Session): SessionPaths {
  const place = (name: string) => path.join(folder, name);
  const of = { participant: session.participantId, session: session.sessionId };
  return {
    mask: place('mask.nii.gz'),
    thresholded: place('mask_thresholded.nii.gz'),
    losses: place('losses.tsv'),
    ...derivativePaths(out, { of, sources: [session.path] }),
  };
}

const lossTerms = ['total', 'size', 'variation', 'score'] as const;

/** The losses of a mask, as its table tells: after no step, after one, and so on. */
export function readLosses(file: string): MaskLoss[] {
  return readTable(file).rows.map((row) => {
    const [total, size, variation, score] = lossTerms.map((term) => Number(row[term]));
    return { total, size, variation, score };
  });
}

/** The table of all masks: a row per session, in the order of the sessions. */
export function formatSessions(rows: readonly SessionRow[]): string {
  const columns = [
    ...[
      'participant_id',
      'session_id',
      'steps',
      'kept_after',
      'ending',
      'loss',
      'size',
      'variation',
      'score',
    ],
    ...['probability_before', 'probability_after', 'touched_share'],
    ...['convergence', 'last_fall', 'extent', 'path'],
  ];
  return formatTable(
    columns,
    rows.map((row) => ({
      participant_id: row.participantId,
      session_id: row.sessionId,
      steps: row.steps,
      kept_after: row.keptAfter,
      ending: row.ending,
      ...row.loss,
      loss: row.loss.total,
      probability_before: row.probabilities.before,
      probability_after: row.probabilities.after,
      touched_share: row.touchedShare,
      convergence: row.state.convergence,
      last_fall: row.state.lastFall,
      extent: row.state.extent,
      path: row.path,
    })),
  );
}

/**
 * The row of a mask that was made before, if its sidecar is there and of this identity.
 *
 * @throws InputError when it is of another, unless it may be overwritten
 */
export function finishedRow(folder: string, identity: string, overwrite: boolean): SessionRow | null {
  const file = path.join(folder, `${sessionSidecar}.json`);
  if (overwrite || !existsSync(file)) return null;
  let results: (SessionRow & { identity?: string }) | undefined;
  try {
    ({ results } = JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null; // of no version that this one knows
  }
  const { identity: its, ...row } = results ?? {};
  if (its === identity) {
    const told = row as SessionRow;
    return { ...told, state: readState(told.state) ?? unrecordedState(told.touchedShare) };
  }
  throw new InputError(
    folder,
    'holds a mask made with other options, another network or another image',
    'Give the same ones to go on, choose another folder, or give --overwrite to make it anew',
  );
}

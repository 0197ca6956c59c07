import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '../../cohort/session.ts';
import type { Split } from '../../cohort/splits/folds.ts';
import type { Architecture } from '../../model/architecture.ts';
import { versions } from '../versions.ts';
import type { TrainJobOptions } from './train.ts';

/** What a training's result follows from, but for the adapter: two of one identity end alike. */
export interface TrainIdentity {
  readonly version: string;
  readonly network: Architecture;
  readonly training: TrainJobOptions['training'];
  readonly intensity: TrainJobOptions['intensity'];
  readonly shuffleLabels: boolean;
  /** digests: who is on which side, and the images' names, sizes and times */
  readonly split: string;
  readonly images: string;
  /** of the file that the convolutions start from; not there without one */
  readonly init?: string;
}

/** The identity of a training. @param init digest of the file that the convolutions start from */
export function identityOf(
  options: TrainJobOptions,
  network: Architecture,
  split: Split,
  init?: string,
): TrainIdentity {
  const { training, intensity } = options;
  return {
    version: versions().voxmask,
    network,
    training,
    intensity,
    shuffleLabels: options.shuffleLabels ?? false,
    ...digestsOf(split),
    ...(init !== undefined && { init }),
  };
}

/** Who is on which side, and the images' names, sizes and times. */
export function digestsOf(split: Split): { split: string; images: string } {
  const sides = Object.entries(split).map(([set, sessions]: [string, readonly Session[]]) => [
    set,
    sessions.map(({ participantId, sessionId, diagnosis }) => [participantId, sessionId, diagnosis]),
  ]);
  const images = [...split.train, ...split.validation].map(({ path: file }) => {
    const { size, mtimeMs } = statSync(file);
    return [path.basename(file), size, Math.round(mtimeMs)];
  });
  return { split: digest(sides), images: digest(images) };
}

/** What of two identities differs, for a message; empty where nothing does. */
export function differences(one: unknown, other: unknown): string[] {
  const [a, b] = [one, other].map((value) => (value ?? {}) as Record<string, unknown>);
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]),
  );
}

/** The results that a sidecar tells, if it is of a finished training of this identity; null otherwise. */
export function finishedResults(sidecar: string, identity: object): Record<string, unknown> | null {
  try {
    const { results, peakBytes, seconds } = JSON.parse(readFileSync(sidecar, 'utf8'));
    if (results.interrupted || differences(results.identity, identity).length > 0) return null;
    return { ...results, peakBytes, seconds };
  } catch {
    return null; // none there, or of another version
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

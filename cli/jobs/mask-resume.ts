import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { removeFile } from '../../cohort/files.ts';
import type { Session } from '../../cohort/session.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { type GroupState, readGroupState, writeGroupState } from '../../masking/group-state.ts';
import { versions } from '../versions.ts';
import { digestOf, fileDigest, fileStamp } from './digest.ts';
import type { MaskGroupOptions } from './mask-group.ts';
import type { MaskInputs } from './mask-inputs.ts';
import { differences } from './train-identity.ts';
import { adapterOf } from './train-resume.ts';

/** The checkpoint's file in the folder of the results. */
export const checkpointName = 'checkpoint.safetensors';
/** The sidecar's file there; it is written last. */
export const groupMaskSidecar = 'mask.json';
const plainSeconds = 600;

interface Identity {
  readonly adapter: ReturnType<typeof adapterOf> | null;
  readonly dropped: readonly string[];
}

/** The checkpoint of a group mask in its folder: the one to go on from, and those that are written on the way. */
export class GroupCheckpoints {
  /** what to go on from, if there is anything */
  readonly state: GroupState | undefined;
  /** images that were left out as outliers by then */
  readonly dropped: readonly string[];
  readonly file: string;
  /** what the mask follows from, but for the adapter */
  readonly identity: object;
  private readonly seconds: number;
  private readonly begunOn: Identity['adapter'];
  private adapter: Identity['adapter'] = null;
  private saved = Date.now();

  /** @throws InputError when the folder contains the checkpoint of another mask, unless it may be overwritten */
  constructor(options: MaskGroupOptions, inputs: MaskInputs) {
    this.file = path.join(options.out, checkpointName);
    this.identity = maskIdentity(options, inputs);
    this.seconds = options.checkpointSeconds ?? plainSeconds;
    const found = !options.overwrite && existsSync(this.file) ? readGroupState(this.file) : null;
    const { adapter = null, dropped = [], ...begun } = (found?.identity ?? {}) as Partial<Identity>;
    const other = found ? differences(begun, this.identity) : [];
    if (other.length > 0) {
      throw new InputError(
        options.out,
        `holds an unfinished mask with another ${other.join(', ')}`,
        'Give the options and the cohort that it was begun with to go on, or --overwrite to start anew',
      );
    }
    this.state = found?.state;
    this.dropped = dropped;
    this.begunOn = adapter;
  }

  /** Says what computes. Another adapter rounds otherwise: a mask that changes it would be neither's. @throws InputError */
  useAdapter(report: OpenGpu['report']): void {
    this.adapter = adapterOf(report);
    const begun = this.begunOn;
    if (begun === null || differences(begun, this.adapter).length === 0) return;
    throw new InputError(
      path.dirname(this.file),
      `holds a mask begun on ${begun.name} (${begun.driver}, tuning ${JSON.stringify(begun.tuning)}), ` +
        `and this is ${report.name} (${report.driver}, tuning ${JSON.stringify(report.tuning)})`,
      'Choose that one with --adapter to go on, or give --overwrite to start anew',
    );
  }

  /** The results in a sidecar, if it is of this mask and that is finished; null otherwise. */
  finished(sidecar: string): Record<string, unknown> | null {
    try {
      const { results } = JSON.parse(readFileSync(sidecar, 'utf8'));
      return results.interrupted || differences(results.identity, this.identity).length > 0 ? null : results;
    } catch {
      return null; // none there, or of another version
    }
  }

  /** Whether the last checkpoint is old enough for another. */
  readonly due = (): boolean => Date.now() - this.saved >= 1000 * this.seconds;

  save(state: GroupState, dropped: readonly string[]): void {
    writeGroupState(this.file, state, { ...this.identity, adapter: this.adapter, dropped });
    this.saved = Date.now();
  }

  remove(): void {
    removeFile(this.file);
  }
}

/**
 * Whether a folder holds this very mask, unfinished or finished, so that `maskGroup` goes on without replacing anything. What an
 * interruption left before the first checkpoint is made anew.
 *
 * @throws InputError when the folder holds the checkpoint of another mask
 */
export function isMaskBegun(options: MaskGroupOptions, inputs: MaskInputs): boolean {
  const left = new GroupCheckpoints({ ...options, overwrite: false }, inputs);
  return left.state !== undefined || left.finished(path.join(options.out, groupMaskSidecar)) !== null;
}

/** What a group mask follows from, but for the adapter. */
export function maskIdentity(options: MaskGroupOptions, inputs: MaskInputs) {
  const { objective, group, dropOutliers = false, everyImage = false, atlas } = options;
  const images = (sessions: readonly Session[]) =>
    sessions.map((session) => [session.participantId, session.sessionId, fileStamp(session.path)]);
  return {
    version: versions().voxmask,
    model: fileDigest(inputs.path),
    className: inputs.className,
    objective,
    group,
    dropOutliers,
    everyImage,
    atlas: atlas && [fileStamp(atlas.image), fileStamp(atlas.labels)],
    mu: muIdentity(options.mu, inputs.mu),
    images: digestOf([images(inputs.fit), images(inputs.select)]),
  };
}

/** What tells one mu from another. @param given as the options have it */
export function muIdentity(given: number | string, mu: MaskInputs['mu']): string {
  if (mu instanceof Float32Array) return digestOf(fileStamp(String(given)));
  if (typeof mu === 'number') return String(mu);
  if ('meanOf' in mu) return digestOf(mu.meanOf.map(({ path: file }) => fileStamp(file)));
  return digestOf([...mu.pathOf.values()].map(fileStamp));
}

import { sessionKey } from '../session.ts';

/** An image found on disk, before anything is decided. */
export interface Candidate {
  readonly participantId: string;
  readonly sessionId: string;
  /** absolute */
  readonly path: string;
  /**
   * What tells this image from others of its session, such as `dartel`, `modulated-off`, `fwhm-8mm`, `space-MNI...`. Images
   * of one cohort must agree in all of them.
   */
  readonly variant: readonly string[];
  /** Acquisition and run, such as `acq-1`, `run-02`: these may differ between sessions. */
  readonly scan: readonly string[];
}

/** The entities of a BIDS-like file name: `sub-1_ses-M00_T1w_space-X.nii.gz` holds sub, ses and space. */
export function entitiesOf(name: string): Map<string, string> {
  const parts = name.replace(/\.nii(\.gz)?$/i, '').split('_');
  return new Map(
    parts.flatMap((part): [string, string][] => {
      const dash = part.indexOf('-');
      return dash > 0 ? [[part.slice(0, dash), part.slice(dash + 1)]] : [];
    }),
  );
}

/** The labels of those entities that a name has. */
export function labelsOf(entities: ReadonlyMap<string, string>, keys: readonly string[]): string[] {
  return keys.flatMap((key) => (entities.has(key) ? [`${key}-${entities.get(key)}`] : []));
}

/** Entities that tell scans of one session apart. */
export const scanKeys = ['acq', 'rec', 'run'];

/** The session of a folder or a file that names none. */
export const onlySession = 'ses-M000';

/** A sentence about images that name no session, where there are any. */
export function untimedNotes(count: number): string[] {
  if (count === 0) return [];
  const images = count === 1 ? '1 image names' : `${count} images name`;
  return [`${images} no session: taken as ${onlySession}, the baseline.`];
}

/** A session by its names. */
export interface Named {
  readonly participantId: string;
  readonly sessionId: string;
}

export function identity({ participantId, sessionId }: Named): Named {
  return { participantId, sessionId };
}

/** One key for a session, however it is spelled. */
export function keyOf({ participantId, sessionId }: Named): string {
  return JSON.stringify([participantId, sessionKey(sessionId)]);
}

/** What a layout of folders holds. */
export interface Found {
  readonly candidates: Candidate[];
  /** sessions that have a folder, and none of the maps looked for */
  readonly bare: Named[];
  /** what was taken for granted, a sentence each */
  readonly notes: readonly string[];
}

import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { decodeAside } from '../../cohort/decoding/pool.ts';
import { InputError } from '../../cohort/error.ts';
import { plainIntensity } from '../../cohort/intensity.ts';
import { partnerOf, splitName } from '../../cohort/nifti-file.ts';
import { identityOf } from '../../cohort/same-files.ts';
import type { Session } from '../../cohort/session.ts';
import { knownImages } from '../../cohort/splits/split-table.ts';
import { fingerprintOf, refuseKnownTwins, refuseTwins } from '../../cohort/splits/twins.ts';
import { readCached, writeCached } from '../../engine/node/cache-folder.ts';
import { note } from '../note.ts';
import { Progress } from '../progress.ts';

const AHEAD = 8; // images decoded at a time
const cacheFile = 'fingerprints-1.json';
const mostKept = 50_000; // of images, some 5 MB
const manyImages = 100; // so many take seconds: progress is shown

/** Fingerprints by a file's path, size and time of change, of which only a hash is kept. */
type Known = Map<string, string | null>;

/** Gives a session's fingerprint; null where its image has none, or cannot be read. */
export type Fingerprint = (session: Session) => string | null;

/**
 * Refuses a copy of one participant's scan under another's name, by the voxels; prints a note for copies within a
 * participant. An image is decoded for that once: its fingerprint is kept in the user's cache until the file changes.
 *
 * @param where for messages
 * @returns the fingerprints
 * @throws InputError as `refuseTwins`. What cannot be read is left to the command, which names it
 */
export async function refuseCopies(
  where: string,
  sessions: readonly Session[],
  quiet = false,
): Promise<Fingerprint> {
  const fingerprint = await fingerprintsOf(sessions, quiet);
  const told = refuseTwins(where, sessions, (session) => fingerprint(session) ?? identityOf(session.path));
  if (told !== null) note(`${where}: ${told}`);
  return fingerprint;
}

/**
 * Refuses copies of a network's training and validation images, under whatever name, in a cohort that it has not seen. The
 * split beside a network that an earlier version trained records no fingerprints: then there is nothing to compare with.
 *
 * @param where for messages
 * @param split the network's own; one that does not exist is left out
 * @throws InputError as `refuseKnownTwins`
 */
export async function refuseKnownCopies(
  where: string,
  sessions: readonly Session[],
  split: string,
): Promise<void> {
  const known = existsSync(split) ? knownImages(split) : [];
  if (known.length > 0) refuseKnownTwins(where, sessions, known, await fingerprintsOf(sessions, false));
}

async function fingerprintsOf(sessions: readonly Session[], quiet: boolean): Promise<Fingerprint> {
  const known = cached();
  const keys = new Map(sessions.map(({ path }) => [path, keyOf(path)]));
  const fresh = [...keys].filter(([, key]) => key !== null && !known.has(key)) as [string, string][];
  if (fresh.length > 0) {
    const progress =
      fresh.length >= manyImages ? new Progress('Looking for copies', fresh.length, { quiet }) : null;
    let next = 0;
    let done = 0;
    const work = async () => {
      while (next < fresh.length) {
        const [path, key] = fresh[next++];
        const fingerprint = await read(path);
        if (fingerprint !== undefined) known.set(key, fingerprint);
        progress?.update(++done);
      }
    };
    try {
      await Promise.all(Array.from({ length: AHEAD }, work));
    } finally {
      progress?.finish();
    }
    keep(known);
  }
  return ({ path }) => known.get(keys.get(path) ?? '') ?? null;
}

/**
 * As `refuseCopies`, for a command that has read all images already; the next command need not.
 *
 * @param fingerprints undefined where an image cannot be read
 * @throws InputError as `refuseTwins`
 */
export function refuseCopiesAmong(
  where: string,
  fingerprints: ReadonlyMap<Session, string | null | undefined>,
): void {
  const known = cached();
  for (const [{ path }, fingerprint] of fingerprints) {
    const key = keyOf(path);
    if (key !== null && fingerprint !== undefined) known.set(key, fingerprint);
  }
  keep(known);
  refuseTwins(
    where,
    [...fingerprints.keys()],
    (session) => fingerprints.get(session) ?? identityOf(session.path),
  );
}

/** Undefined where an image cannot be read. */
async function read(path: string): Promise<string | null | undefined> {
  try {
    return fingerprintOf(await decodeAside({ path, intensity: plainIntensity }));
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function keyOf(path: string): string | null {
  try {
    const files = splitName(path)?.kind === 'hdr' ? [path, partnerOf(path, 'img')] : [path];
    const states = files.map((file) => {
      const { size, mtimeNs, ino } = statSync(file, { bigint: true });
      return `${size} ${mtimeNs} ${ino}`;
    });
    return createHash('sha256')
      .update(JSON.stringify([path, ...states]))
      .digest('base64url')
      .slice(0, 22);
  } catch {
    return null;
  }
}

function cached(): Known {
  try {
    const found = readCached(cacheFile);
    const entries: unknown = found && JSON.parse(found.content.toString());
    const isEntry = (one: unknown): one is [string, string | null] =>
      Array.isArray(one) && typeof one[0] === 'string' && (one[1] === null || typeof one[1] === 'string');
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : []);
  } catch {
    return new Map(); // damaged: made anew
  }
}

/** The newest ones, with what another process has added meanwhile. */
function keep(known: Known): void {
  const all = [...new Map([...cached(), ...known])].slice(-mostKept);
  try {
    writeCached(cacheFile, JSON.stringify(all));
  } catch {
    // Without a cache, the next command reads the images again.
  }
}

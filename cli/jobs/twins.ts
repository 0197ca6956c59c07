import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { decodeAside } from '../../cohort/decoding/pool.ts';
import { InputError } from '../../cohort/error.ts';
import { plainIntensity } from '../../cohort/intensity.ts';
import { partnerOf, splitName } from '../../cohort/nifti-file.ts';
import { identityOf } from '../../cohort/same-files.ts';
import type { Session } from '../../cohort/session.ts';
import { fingerprintOf, refuseTwins } from '../../cohort/splits/twins.ts';
import { readCached, writeCached } from '../../engine/node/cache-folder.ts';
import { note } from '../note.ts';
import { Progress } from '../progress.ts';

const AHEAD = 8; // images decoded at a time
const cacheFile = 'fingerprints-1.json';
const mostKept = 50_000; // of images, some 5 MB
const manyImages = 100; // so many take seconds: progress is shown

/** Fingerprints by a file's path, size and time of change, of which only a hash is kept. */
type Known = Map<string, string | null>;

/**
 * Refuses a copy of one participant's scan under another's name, by the voxels; prints a note for copies within a
 * participant. An image is decoded for that once: its fingerprint is kept in the user's cache until the file changes.
 *
 * @param where for messages
 * @throws InputError as `refuseTwins`. What cannot be read is left to the command, which names it
 */
export async function refuseCopies(
  where: string,
  sessions: readonly Session[],
  quiet = false,
): Promise<void> {
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
  const told = refuseTwins(
    where,
    sessions,
    ({ path }) => known.get(keys.get(path) ?? '') ?? identityOf(path),
  );
  if (told !== null) note(`${where}: ${told}`);
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

import { createHash } from 'node:crypto';
import type { Decoded } from '../decoding/job.ts';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { type Session, sessionName } from '../session.ts';
import type { KnownImage } from './split-table.ts';

/**
 * A hash of an image's shape and voxels in LAS and float32: equal for copies, whatever their names, compression, datatype,
 * axis order and header. Null for an image of one value, which says nothing about whose it is.
 */
export function fingerprintOf({ grid, data }: Pick<Decoded, 'grid' | 'data'>): string | null {
  if (data.every((value) => value === data[0])) return null;
  const values = data.some((value) => Object.is(value, -0)) ? data.map((value) => value + 0) : data;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash('sha256').update(grid.shape.join()).update(bytes).digest('hex');
}

/**
 * Requires that no two participants have the same scan: one of them could train and the other be tested.
 *
 * @param where for the message
 * @param fingerprint of a session's image, or of the file where it has none; null where there is nothing to compare
 * @returns a sentence about participants whose own sessions have one scan; null where there are none
 * @throws InputError naming both sessions and images of each pair
 */
export function refuseTwins(
  where: string,
  sessions: readonly Session[],
  fingerprint: (session: Session) => string | null,
): string | null {
  const owners = new Map<string, Session>();
  const across: string[] = [];
  const within: string[] = [];
  // By line, so that a copy further down is the copy whatever order a split has.
  for (const session of [...sessions].sort((a, b) => a.line - b.line)) {
    const own = fingerprint(session);
    if (own === null) continue;
    const owner = owners.get(own);
    if (owner === undefined) owners.set(own, session);
    else if (personOf(owner) !== personOf(session))
      across.push(
        `${sessionName(session)} has the scan of ${sessionName(owner)} (${session.path}, ${owner.path})`,
      );
    else if (owner.path !== session.path) within.push(`${sessionName(owner)} and ${session.sessionId}`);
  }
  if (across.length > 0) {
    throw new InputError(
      where,
      `has ${across.length === 1 ? 'one scan' : `${across.length} scans`} of two participants, voxel by voxel:${listed(across, '\n  ')}\n`,
      'Find out whose each is, and leave the others out',
    );
  }
  return within.length === 0
    ? null
    : `Sessions of one participant have the same scan, voxel by voxel: ${listed(within, ', ', 5)}.`;
}

/**
 * Requires that no image of a cohort is a copy of one that a network knows, under whatever name.
 *
 * @param where for the message
 * @param known the images that trained or validated the network
 * @param fingerprint of a session's image; null where there is nothing to compare
 * @throws InputError naming the session and the image that it is a copy of
 */
export function refuseKnownTwins(
  where: string,
  sessions: readonly Session[],
  known: readonly KnownImage[],
  fingerprint: (session: Session) => string | null,
): void {
  const owners = new Map(known.map((image) => [image.fingerprint, image]));
  const copies = sessions.flatMap((session) => {
    const owner = owners.get(fingerprint(session) ?? '');
    return owner
      ? [`${sessionName(session)} has the scan of ${sessionName(owner)}, set ${owner.set} (${session.path})`]
      : [];
  });
  if (copies.length === 0) return;
  throw new InputError(
    where,
    `has ${copies.length === 1 ? 'one scan' : `${copies.length} scans`} that the network knows, voxel by voxel:${listed(copies, '\n  ')}\n`,
    'Leave these sessions out: such a cohort has to be one that the network has not seen',
  );
}

/** As `refuseLeaks` names people. */
function personOf({ participantId }: Session): string {
  return participantId.replace(/^sub-/, '');
}

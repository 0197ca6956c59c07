import { listed } from '../listed.ts';
import type { Named } from './candidate.ts';

/**
 * Names of both sides where images have no row in the tables: often only the spelling differs.
 *
 * @param images whose participant, or whose session, the tables do not have
 * @param sessions that the tables list, and that have no image
 * @param participants that the tables list without sessions, and that have no image
 * @returns a sentence; null where the tables have every image
 */
export function mismatchOf(
  images: readonly Named[],
  sessions: readonly Named[],
  participants: readonly string[],
): string | null {
  if (images.length === 0) return null;
  const names = (of: readonly Named[]) =>
    of.map(({ participantId, sessionId }) => `${participantId} ${sessionId}`);
  // Of the same participant first: there, the sessions differ.
  const own = new Set(images.map(({ participantId }) => participantId));
  const near = sessions.filter(({ participantId }) => own.has(participantId));
  const told = [...names(near.length > 0 ? near : sessions), ...participants];
  const others =
    told.length > 0
      ? `the tables list ${listed(told, ', ', 3)} without an image`
      : 'the tables list nobody else';
  return `${images.length} ${images.length === 1 ? 'image is' : 'images are'} not in the tables: the images are of ${listed(names(images), ', ', 3)}; ${others}.`;
}

import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { isMissing, readTable, requireColumns } from '../table.ts';
import { type Candidate, keyOf } from './candidate.ts';

/** Whom a table leaves out. */
export interface Exclusions {
  readonly lists: (image: Candidate) => boolean;
  /** a sentence about rows that name no image; null where all do */
  readonly note: string | null;
}

/**
 * Reads a table of participants or sessions to leave out; a row without a session means all of the participant's.
 *
 * @throws InputError when no row names a session that has an image: a list of other people, or other spellings
 */
export function readExclusions(file: string, images: readonly Candidate[]): Exclusions {
  const table = readTable(file);
  requireColumns(table, ['participant_id']);
  const rows = table.rows.map(({ participant_id: participantId, session_id: sessionId }) => {
    const all = isMissing(sessionId);
    return {
      key: all ? participantId : keyOf({ participantId, sessionId }),
      name: all ? participantId : `${participantId} ${sessionId}`,
    };
  });
  const keys = new Set(rows.map(({ key }) => key));
  const there = new Set(images.flatMap((image) => [image.participantId, keyOf(image)]));
  const strange = rows.filter(({ key }) => !there.has(key)).map(({ name }) => name);
  const [first] = images;
  if (rows.length > 0 && strange.length === rows.length) {
    throw new InputError(
      file,
      `names no session that has an image, such as ${first.participantId} ${first.sessionId}`,
      'Spell participants and sessions as the images do',
    );
  }
  return {
    lists: (image) => keys.has(image.participantId) || keys.has(keyOf(image)),
    note:
      strange.length === 0
        ? null
        : `${file} names ${strange.length} without an image, which leaves nobody out: ${listed(strange, ', ', 3)}.`,
  };
}

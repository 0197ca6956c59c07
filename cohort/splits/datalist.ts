import path from 'node:path';
import type { Session } from '../session.ts';

/** Names of the sets, as MONAI's `load_decathlon_datalist` is asked for them. */
const keys: Readonly<Record<string, string>> = { train: 'training', validation: 'validation', test: 'test' };

/**
 * A split's images as JSON for other programs, in the form of MONAI's data lists: an array per set, of objects with the
 * image's path (relative to `folder`, as MONAI takes it), the label (0 for the first class, and so on), and who it is.
 *
 * @param sets sessions by the name of their set
 * @param folder where the file will lie
 */
export function formatDatalist(
  sets: Readonly<Record<string, readonly Session[]>>,
  classes: readonly string[],
  folder: string,
): string {
  const item = ({ participantId, sessionId, diagnosis, path: image }: Session) => ({
    image: path.relative(path.resolve(folder), image),
    label: classes.indexOf(diagnosis),
    participant_id: participantId,
    session_id: sessionId,
    diagnosis,
  });
  const lists = Object.entries(sets).map(([set, sessions]) => [keys[set] ?? set, sessions.map(item)]);
  return `${JSON.stringify({ classes, ...Object.fromEntries(lists) }, null, 2)}\n`;
}

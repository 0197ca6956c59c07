import path from 'node:path';
import { InputError } from '../error.ts';
import { compareText } from '../session.ts';
import { type Candidate, type Found, onlySession, untimedNotes } from './candidate.ts';
import { filesBelow } from './folders.ts';

/**
 * The images below a folder whose paths from it fit a pattern, such as `{participant}_{session}_gm.nii.gz` or
 * `{participant}/*.nii`. A star is any text within one name. Without `{session}` all are of `ses-M000`.
 *
 * @throws InputError when the pattern names no participant, or one twice
 */
export function findByPattern(folder: string, pattern: string): Found {
  const count = (place: string) => pattern.split(place).length - 1;
  if (count('{participant}') !== 1 || count('{session}') > 1) {
    throw new InputError(
      `--pattern ${pattern}`,
      'does not name the participant once, and the session at most once',
      'Write {participant} and {session} where their names are, as {participant}_{session}_gm.nii.gz',
    );
  }
  const source = pattern
    .split(/(\{participant\}|\{session\}|\*)/)
    .map((part) => parts[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('');
  const fits = new RegExp(`^${source}$`, 'u');
  const candidates = filesBelow(folder, /\.(nii(\.gz)?|img|hdr)$/i).flatMap((file): Candidate[] => {
    const groups = fits.exec(path.relative(folder, file).split(path.sep).join('/'))?.groups;
    if (!groups) return [];
    const { participant: participantId, session: sessionId = onlySession } = groups;
    return [{ participantId, sessionId, path: file, variant: [], scan: [] }];
  });
  candidates.sort((a, b) => compareText(a.path, b.path));
  const untimed = pattern.includes('{session}') ? 0 : candidates.length;
  return { candidates, bare: [], notes: untimedNotes(untimed) };
}

const parts: Readonly<Record<string, string>> = {
  '{participant}': '(?<participant>[^/]+)',
  '{session}': '(?<session>[^/]+)',
  '*': '[^/]*',
};

import path from 'node:path';
import { compareSessionIds } from '../session.ts';
import {
  type Candidate,
  entitiesOf,
  type Found,
  labelsOf,
  type Named,
  onlySession,
  scanKeys,
  untimedNotes,
} from './candidate.ts';
import { filesIn, foldersIn } from './folders.ts';

const map = /_label-GM(_[^_]+)*_probseg\.nii(\.gz)?$/;
const variantKeys = ['space', 'cohort', 'res', 'den', 'desc'];

/**
 * The gray-matter maps of a BIDS derivatives folder (fMRIPrep, sMRIPrep and the like):
 * `sub-X[/ses-Y]/anat/sub-X[_ses-Y]..._label-GM_probseg.nii.gz`. One that names no space lies in the participant's own,
 * where no two brains match; it is labelled `native`. A folder without sessions has the session `ses-M000`. Maps in
 * `sub-X/anat` beside sessions that have none are of their first session: fMRIPrep averages the anatomy of all.
 */
export function findBidsImages(folder: string): Found {
  const candidates: Candidate[] = [];
  const bare: Named[] = [];
  const averaged: string[] = [];
  const leftAside: string[] = [];
  let untimed = 0;
  for (const participant of foldersIn(folder, 'sub-')) {
    const participantId = path.basename(participant);
    const sessions = foldersIn(participant, 'ses-').map((place) => {
      const sessionId = path.basename(place);
      return { sessionId, maps: mapsIn(place, participantId, sessionId) };
    });
    sessions.sort((a, b) => compareSessionIds(a.sessionId, b.sessionId));
    const mapped = sessions.filter(({ maps }) => maps.length > 0);
    const own = mapsIn(participant, participantId, sessions[0]?.sessionId ?? onlySession);
    candidates.push(...(mapped.length > 0 ? mapped.flatMap(({ maps }) => maps) : own));
    if (sessions.length === 0) untimed += own.length;
    if (own.length > 0 && mapped.length > 0) leftAside.push(participantId);
    else if (own.length > 0 && sessions.length > 1) averaged.push(participantId);
    const without = sessions.filter(
      ({ maps }, i) => maps.length === 0 && !(mapped.length === 0 && own.length > 0 && i === 0),
    );
    bare.push(...without.map(({ sessionId }) => ({ participantId, sessionId })));
    if (sessions.length === 0 && own.length === 0) bare.push({ participantId, sessionId: onlySession });
  }
  return { candidates, bare, notes: [...notesOf(averaged, leftAside), ...untimedNotes(untimed)] };
}

function mapsIn(place: string, participantId: string, sessionId: string): Candidate[] {
  return filesIn(path.join(place, 'anat'), map).map((file) => {
    const entities = entitiesOf(path.basename(file));
    return {
      participantId,
      sessionId,
      path: file,
      variant: [...(entities.has('space') ? [] : ['native']), ...labelsOf(entities, variantKeys)],
      scan: labelsOf(entities, scanKeys),
    };
  });
}

function notesOf(averaged: readonly string[], leftAside: readonly string[]): string[] {
  const of = ({ length }: readonly string[]) => `${length} ${length === 1 ? 'participant' : 'participants'}`;
  return [
    ...(averaged.length > 0
      ? [
          `The map in sub-X/anat, an average over sessions, is taken for the first session of ${of(averaged)} (as ${averaged[0]}).`,
        ]
      : []),
    ...(leftAside.length > 0
      ? [
          `The map in sub-X/anat is left aside for ${of(leftAside)} (as ${leftAside[0]}), whose sessions have their own.`,
        ]
      : []),
  ];
}

import path from 'node:path';
import { type Candidate, entitiesOf, labelsOf, scanKeys } from './candidate.ts';
import { filesIn, foldersIn } from './folders.ts';

const map = /_label-GM(_[^_]+)*_probseg\.nii(\.gz)?$/;
const variantKeys = ['space', 'cohort', 'res', 'den', 'desc'];

/**
 * The gray-matter maps of a BIDS derivatives folder (fMRIPrep, sMRIPrep and the like):
 * `sub-X[/ses-Y]/anat/sub-X[_ses-Y]..._label-GM_probseg.nii.gz`. One that names no space lies in the participant's own,
 * where no two brains match; it is labelled `native`. A folder without sessions has the session `ses-M000`.
 */
export function findBidsImages(folder: string): Candidate[] {
  return foldersIn(folder, 'sub-').flatMap((participant) => {
    const sessions = foldersIn(participant, 'ses-');
    const places = sessions.length > 0 ? sessions : [participant];
    return places.flatMap((place) =>
      filesIn(path.join(place, 'anat'), map).map((file) => {
        const entities = entitiesOf(path.basename(file));
        return {
          participantId: path.basename(participant),
          sessionId: place === participant ? 'ses-M000' : path.basename(place),
          path: file,
          variant: [...(entities.has('space') ? [] : ['native']), ...labelsOf(entities, variantKeys)],
          scan: labelsOf(entities, scanKeys),
        };
      }),
    );
  });
}

import path from 'node:path';
import { type Candidate, entitiesOf, type Found, labelsOf, type Named, scanKeys } from './candidate.ts';
import { filesIn, foldersIn } from './folders.ts';

const map = /_segm-graymatter_space-[^_]+_modulated-(on|off)(_fwhm-\d+mm)?_probability\.nii(\.gz)?$/i;

/**
 * The gray-matter maps of Clinica's t1-volume in a CAPS folder. Below `subjects/sub-X/ses-Y/t1/spm/` they lie in
 * `segmentation/normalized_space` (SPM's unified segmentation) and in `dartel/group-G` (registered to a group's template).
 */
export function findCapsImages(folder: string): Found {
  const candidates: Candidate[] = [];
  const bare: Named[] = [];
  for (const participant of foldersIn(path.join(folder, 'subjects'), 'sub-')) {
    for (const session of foldersIn(participant, 'ses-')) {
      const named = { participantId: path.basename(participant), sessionId: path.basename(session) };
      const spm = path.join(session, 't1', 'spm');
      const maps = [
        ...mapsIn(path.join(spm, 'segmentation', 'normalized_space'), ['segmentation']),
        ...foldersIn(path.join(spm, 'dartel'), 'group-').flatMap((group) =>
          mapsIn(group, ['dartel', path.basename(group)]),
        ),
      ];
      if (maps.length === 0) bare.push(named);
      candidates.push(...maps.map((map) => ({ ...map, ...named })));
    }
  }
  return { candidates, bare, notes: [] };
}

function mapsIn(folder: string, whence: readonly string[]): Pick<Candidate, 'path' | 'variant' | 'scan'>[] {
  return filesIn(folder, map).map((file) => {
    const entities = entitiesOf(path.basename(file));
    return {
      path: file,
      variant: [
        ...whence,
        ...labelsOf(entities, ['space', 'modulated']),
        entities.has('fwhm') ? `fwhm-${entities.get('fwhm')}` : 'unsmoothed',
      ],
      scan: labelsOf(entities, scanKeys),
    };
  });
}

import path from 'node:path';
import {
  type Candidate,
  entitiesOf,
  type Found,
  labelsOf,
  onlySession,
  scanKeys,
  untimedNotes,
} from './candidate.ts';
import { filesBelow } from './folders.ts';

/** Smoothing, then how the map was moved, then the tissue: `s6mwp1`, `mwp1`, `wc1`, `c1`, `p1`, `rp1`. */
const map = /^(s\d*)?(m0w|mw|w|r)?([cp]1)(.+)\.nii(\.gz)?$/;

const moved: Readonly<Record<string, readonly string[]>> = {
  m0w: ['modulated-nonlinear'],
  mw: ['modulated-on'],
  w: ['modulated-off'],
  r: ['rigid'],
};

/**
 * The gray-matter maps of CAT12 (`mri/mwp1NAME.nii`, `mri/wp1NAME.nii`) and of SPM (`c1NAME.nii`, `wc1NAME.nii`,
 * `mwc1NAME.nii`) anywhere below a folder. Participant and session are the `sub-` and `ses-` of the name, else of the
 * folders; without, the participant is the name of the image that was segmented.
 */
export function findSpmImages(folder: string): Found {
  let untimed = 0;
  const candidates = filesBelow(folder, map).map((file): Candidate => {
    const [, smooth, how, tissue, name] = map.exec(path.basename(file))!;
    const inFolders = path.relative(folder, path.dirname(file)).split(path.sep);
    const entities = entitiesOf(name);
    const id = (key: string) => {
      if (entities.has(key)) return `${key}-${entities.get(key)}`;
      return inFolders.findLast((part) => part.startsWith(`${key}-`));
    };
    const sessionId = id('ses');
    if (sessionId === undefined) untimed++;
    return {
      participantId: id('sub') ?? name,
      sessionId: sessionId ?? onlySession,
      path: file,
      variant: [
        tissue === 'p1' ? 'cat12' : 'spm',
        ...(how === undefined ? ['native'] : moved[how]),
        smooth === undefined ? 'unsmoothed' : smooth === 's' ? 'smoothed' : `fwhm-${smooth.slice(1)}mm`,
      ],
      scan: labelsOf(entities, scanKeys),
    };
  });
  return { candidates, bare: [], notes: untimedNotes(untimed) };
}

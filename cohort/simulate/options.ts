import { resolutions } from './grids.ts';
import { refuseUnless } from './refuse.ts';
import { checkStudy, type Side, type StudyOptions } from './study.ts';

export interface SimulateOptions extends StudyOptions {
  /** Participants in each of the classes CN and AD. */
  participantsPerClass: number;
  /** Mean fraction of gray matter that AD participants have lost in the atrophied regions: 0 (none) to 0.8. */
  strength: number;
  /** Voxel size in mm: 6, 4.5, 3, 2 or 1.5. A template's own grid is used instead where one is given. */
  resolution: number;
  /** Whole number, 0 to 4294967295. */
  seed: number;
  /** Names of the atrophied regions, as the atlas has them; default `defaultRegions`. */
  regions?: readonly string[] | undefined;
  /** Of these, only those on one side. */
  side?: Side | undefined;
  /** Start from this gray-matter map and this atlas of its grid, in place of the brain made by formula. */
  template?: { image: string; atlas: string; labels: string } | undefined;
  /** Write into a folder that already holds a cohort. */
  overwrite?: boolean | undefined;
}

/** What is simulated unless asked otherwise. */
export const simulateDefaults = {
  participantsPerClass: 30,
  strength: 0.3,
  resolution: 6,
  seed: 1,
} as const satisfies SimulateOptions;

/** Where Alzheimer's disease begins: the medial temporal lobe. The formula brain and AAL2 share these names. */
export const defaultRegions: readonly string[] = [
  'Hippocampus_L',
  'Hippocampus_R',
  'Amygdala_L',
  'Amygdala_R',
  'ParaHippocampal_L',
  'ParaHippocampal_R',
];

const mostParticipants = 10_000;

/** @throws InputError naming the first option that cannot be */
export function checkOptions(options: SimulateOptions): void {
  const { participantsPerClass, strength, resolution, seed, regions } = options;
  refuseUnless(
    Number.isInteger(participantsPerClass) &&
      participantsPerClass >= 1 &&
      participantsPerClass <= mostParticipants,
    'participants per class',
    `is ${participantsPerClass}`,
    `Give a whole number from 1 to ${mostParticipants}`,
  );
  refuseUnless(
    strength >= 0 && strength <= 0.8,
    'strength',
    `is ${strength}`,
    'Give a fraction from 0 to 0.8',
  );
  refuseUnless(
    options.template !== undefined || resolutions.includes(resolution),
    'resolution',
    `is ${resolution} mm`,
    `Choose ${resolutions.join(', ')}`,
  );
  refuseUnless(
    Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32,
    'seed',
    `is ${seed}`,
    'Give a whole number from 0 to 4294967295',
  );
  refuseUnless(
    regions === undefined || regions.length > 0,
    'regions',
    'is an empty list',
    'Name at least one region, or leave the option out; strength 0 makes a cohort without atrophy',
  );
  checkStudy(options);
}

/**
 * The atrophied regions, each once.
 *
 * @param known the atlas's region names
 * @throws InputError for a name that the atlas lacks, with the nearest ones that it has
 */
export function plantedRegions(
  wanted: readonly string[] | undefined,
  known: readonly string[],
  side: Side = 'both',
): string[] {
  const ending = { left: /[_-](L|left)$/i, right: /[_-](R|right)$/i, both: /$/ }[side];
  const names = [...new Set(wanted ?? defaultRegions)].filter((name) => ending.test(name));
  refuseUnless(
    names.length > 0,
    'regions',
    `none is on the ${side} side`,
    'Name regions that end in _L or _R',
  );
  for (const name of names) {
    refuseUnless(
      known.includes(name),
      'regions',
      `${JSON.stringify(name)} is not a region of the atlas`,
      `Give names that the atlas has; the nearest are ${nearNames(name, known).join(', ')}`,
    );
  }
  return names;
}

/** The five names that are nearest by edit distance, letter case aside; those that contain the word come first. */
function nearNames(wanted: string, known: readonly string[]): string[] {
  const word = wanted.toLowerCase();
  const cost = (name: string) =>
    name.toLowerCase().includes(word) ? -1 : editDistance(word, name.toLowerCase());
  return known
    .map((name) => ({ name, cost: cost(name) }))
    .sort((a, b) => a.cost - b.cost)
    .slice(0, 5)
    .map(({ name }) => name);
}

/** Fewest insertions, deletions and substitutions that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}

import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { compareText } from '../session.ts';
import { type Candidate, keyOf } from './candidate.ts';

/** Unless asked otherwise: mu = 1 presumes probabilities, which modulated maps are not, and nothing smoothed away. */
const preferred: readonly (readonly [label: string, instead: RegExp])[] = [
  ['modulated-off', /^modulated-/],
  ['unsmoothed', /^(unsmoothed|fwhm-)/],
];

/** One image per session, all of one variant. */
export interface Chosen {
  readonly variant: readonly string[];
  readonly images: Candidate[];
}

/**
 * Chooses among several images per session. Variants are never mixed: those that have all `wanted` labels are left (where
 * these say nothing of it, unmodulated and unsmoothed), and there must be one.
 *
 * @param where for messages
 * @param wanted labels of variants (`dartel`, `group-ADNI`, `modulated-on`, `fwhm-8mm`, `space-...`) and scans (`run-1`)
 * @throws InputError when no variant is left, several are, or a session has several images of it, listing them
 */
export function chooseVariant(
  where: string,
  candidates: readonly Candidate[],
  wanted: readonly string[],
): Chosen {
  if (candidates.length === 0)
    throw new InputError(where, 'lists no image', 'Give every row the path of an image');
  const known = new Set(candidates.flatMap(({ variant, scan }) => [...variant, ...scan]));
  const strange = wanted.filter((label) => !known.has(label));
  if (strange.length > 0) {
    throw new InputError(
      where,
      `has no image that is ${listed(strange)}`,
      `Choose from ${listed([...known].sort(compareText), ', ', 50)}`,
    );
  }
  const asked = candidates.filter(({ variant, scan }) =>
    wanted.every((label) => variant.includes(label) || scan.includes(label)),
  );
  const left = preferred.reduce((some, [label, instead]) => {
    if (wanted.some((other) => instead.test(other))) return some;
    const applies = some.filter(
      ({ variant }) => !variant.some((other) => instead.test(other)) || variant.includes(label),
    );
    return applies;
  }, asked);
  const variants = byVariant(left);
  if (variants.size !== 1) throw undecided(where, left.length > 0 ? left : asked, wanted, left.length > 0);
  refuseSeveral(where, left);
  return { variant: left[0].variant, images: left };
}

function byVariant(candidates: readonly Candidate[]): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = candidate.variant.join(', ');
    const group = groups.get(key);
    if (group) group.push(candidate);
    else groups.set(key, [candidate]);
  }
  return groups;
}

function undecided(where: string, found: readonly Candidate[], wanted: readonly string[], several: boolean) {
  const lines = [...byVariant(found)].map(
    ([name, images]) => `${name}: ${new Set(images.map(keyOf)).size} sessions`,
  );
  if (!several) {
    const implied = preferred.filter(([, instead]) => !wanted.some((label) => instead.test(label)));
    const asked = [...wanted, ...implied.map(([label]) => label)].join(', ');
    return new InputError(
      where,
      `has no map that is ${asked}, only:${listed(lines, '\n  ', 20)}\n`,
      'Choose one with --variant; voxmask reads modulated maps too, but mu = 1 presumes probabilities',
    );
  }
  return new InputError(
    where,
    `has several kinds of maps, which must not be mixed:${listed(lines, '\n  ', 20)}\n`,
    'Choose one with --variant, by the labels that the others lack (as --variant dartel)',
  );
}

function refuseSeveral(where: string, images: readonly Candidate[]): void {
  const sessions = new Map<string, Candidate[]>();
  for (const image of images) {
    const key = keyOf(image);
    const known = sessions.get(key);
    if (known) known.push(image);
    else sessions.set(key, [image]);
  }
  const several = [...sessions.values()].filter((found) => found.length > 1);
  if (several.length === 0) return;
  const lines = several.map(
    (found) => `${found[0].participantId} ${found[0].sessionId}: ${listed(found.map(scanOf), '; ')}`,
  );
  throw new InputError(
    where,
    `has several images for ${several.length} ${several.length === 1 ? 'session' : 'sessions'}:${listed(lines, '\n  ')}\n`,
    'Choose one with --variant, as --variant run-1, or move the others away',
  );
}

function scanOf({ scan, path }: Candidate): string {
  return scan.length > 0 ? scan.join(', ') : path;
}

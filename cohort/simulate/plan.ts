import type { SimulateOptions } from './options.ts';
import { classes, drawParticipant, type Participant } from './participant.ts';
import { type Stream, stream } from './random.ts';
import { refuseUnless } from './refuse.ts';
import { studyDefaults } from './study.ts';
import { dealVisits, drawVisits, scheduled, type Visit } from './visits.ts';

/** What is wrong with a map on purpose. */
export type Failure = 'low maximum' | 'eyes';

/** A session, with all that was decided about it before it is drawn. */
export interface PlannedVisit extends Visit {
  /** the diagnosis that the tables give, which label noise may have turned round */
  readonly label: (typeof classes)[number];
  /** index of the subtype; null for CN and where there are none */
  readonly subtype: number | null;
  readonly failure: Failure | null;
}

/** A cohort before its maps are drawn. */
export interface Plan {
  readonly participants: readonly Participant[];
  readonly visits: readonly PlannedVisit[];
  /** by subtype, the regions that only it loses */
  readonly subtypes: readonly (readonly string[])[];
}

const structuresPerSubtype = 3;

/**
 * Decides everything about a cohort but its voxels: who is in it, when they come, what they have lost. Each purpose has
 * random numbers of its own, so that asking for one thing leaves the others as they were.
 *
 * @param regions names of the brain's regions
 * @param planted those that every AD participant loses
 * @throws InputError for more failures than sessions, or more subtypes than the regions allow
 */
export function planCohort(
  options: SimulateOptions,
  regions: readonly string[],
  planted: readonly string[],
): Plan {
  const { counts, site } = options;
  // Another prefix means other people, even with the same seed.
  const seed = site?.prefix ? (options.seed ^ hash(site.prefix)) >>> 0 : options.seed;
  // The disease is the same at every site: whoever compares two sites wants the same subtypes in both.
  const subtypes = drawSubtypes(options.subtypes ?? 0, regions, planted, stream(options.seed, 4));
  const followed = classes.map((diagnosis, classIndex) => {
    const count = counts?.[diagnosis].participants ?? options.participantsPerClass;
    const visits = counts
      ? dealVisits(count, counts[diagnosis].sessions, stream(seed, 7, classIndex))
      : new Array<number>(count).fill(options.sessions ?? 1);
    const interval = options.interval ?? studyDefaults.interval;
    return visits.map((number, index) => {
      const months = counts ? scheduled(number) : Array.from({ length: number }, (_, i) => i * interval);
      const random = stream(seed, 1 + classIndex, index, 7);
      const subtype = diagnosis === 'AD' && subtypes.length > 0 ? wholeBelow(subtypes.length, random) : null;
      const lost = [...planted, ...(subtype === null ? [] : subtypes[subtype])];
      const drawn = drawParticipant(seed, classIndex, index, regions, lost, options.strength, site?.warp);
      const participant = site?.prefix
        ? { ...drawn, id: drawn.id.replace('sub-', `sub-${site.prefix}`) }
        : drawn;
      const visited = drawVisits(participant, months, [classIndex, index], seed, options);
      return { participant, visits: visited.map((visit) => ({ ...visit, subtype })) };
    });
  });
  const all = followed.flat();
  const turned = choose(all.length, Math.round((options.labelNoise ?? 0) * all.length), stream(seed, 6));
  const labelled = all.flatMap(({ participant, visits }, i) =>
    visits.map((visit) => ({
      ...visit,
      label: turned.has(i) ? classes[1 - classes.indexOf(participant.diagnosis)] : participant.diagnosis,
    })),
  );
  const { lowMaximum = 0, eyes = 0 } = options.failures ?? {};
  refuseUnless(
    lowMaximum + eyes <= labelled.length,
    'failures',
    `are ${lowMaximum + eyes} among ${labelled.length} sessions`,
    'Ask for fewer failures or more sessions',
  );
  const failed = [...choose(labelled.length, lowMaximum + eyes, stream(seed, 5))];
  const failures = new Map(
    failed.map((i, place): [number, Failure] => [i, place < lowMaximum ? 'low maximum' : 'eyes']),
  );
  return {
    participants: all.map(({ participant }) => participant),
    visits: labelled.map((visit, i) => ({ ...visit, failure: failures.get(i) ?? null })),
    subtypes,
  };
}

/** By subtype, some structures of both sides, which are planted nowhere else; each structure belongs to one subtype. */
function drawSubtypes(
  count: number,
  regions: readonly string[],
  planted: readonly string[],
  random: Stream,
): string[][] {
  const structureOf = (name: string) => name.replace(/[_-](L|R|left|right)$/i, '');
  const taken = new Set(planted.map(structureOf));
  const free = [...new Set(regions.map(structureOf))].filter(
    (name) => !taken.has(name) && !/^cerebel/i.test(name),
  );
  refuseUnless(
    free.length >= count * structuresPerSubtype,
    'subtypes',
    `are ${count}, of ${structuresPerSubtype} structures each, where the atlas has ${free.length} that are not planted`,
    'Ask for fewer subtypes, or plant fewer regions',
  );
  const chosen = [...choose(free.length, count * structuresPerSubtype, random)];
  return Array.from({ length: count }, (_, i) => {
    const own = chosen
      .slice(i * structuresPerSubtype, (i + 1) * structuresPerSubtype)
      .map((place) => free[place]);
    return regions.filter((name) => own.includes(structureOf(name)));
  });
}

/** `some` of the numbers 0 ... count - 1, in the order in which they were drawn. */
function choose(count: number, some: number, random: Stream): Set<number> {
  const left = Array.from({ length: count }, (_, i) => i);
  return new Set(Array.from({ length: some }, () => left.splice(wholeBelow(left.length, random), 1)[0]));
}

function wholeBelow(count: number, random: Stream): number {
  return Math.floor(random.uniform() * count);
}

/** FNV-1a of a text, 32 bits. */
function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) bits = Math.imul(bits ^ byte, 0x01000193);
  return bits >>> 0;
}

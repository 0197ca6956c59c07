import fc from 'fast-check';

/** What a study says, without a name in it. */
export interface Spec {
  /** what of a study there is: drawing the charts of all of it would take the test's time */
  readonly parts: readonly Part[];
  /** visits of each participant; even ones are of the first class */
  readonly visits: readonly number[];
  readonly isStudy: boolean;
  /** volumes of masks and images, which pictures are drawn from */
  readonly volumes: boolean;
  /** tables that cannot be read, whose faults quote their paths */
  readonly damaged: boolean;
  /** an identifier with a space in it, which a cohort refuses */
  readonly spaced: boolean;
  /** the class under study is called by a participant's name */
  readonly telling: boolean;
}

const parts = ['cohort', 'train', 'group', 'sessions', 'compare', 'grid', 'checks'] as const;
type Part = (typeof parts)[number];

/** All that its user has named, and where it was computed. */
export interface Names {
  readonly participants: readonly string[];
  readonly firstDay: number;
  readonly dated: (typeof dateForms)[number];
  readonly root: string;
  readonly host: string;
  readonly study: string;
  readonly cohort: string;
  readonly stage: string;
  readonly map: string;
  readonly comparison: string;
}

const dateForms = ['2019-03-01', 'ses-20190301', '20190301'] as const;

export const specs: fc.Arbitrary<Spec> = fc.record({
  parts: fc.subarray([...parts], { minLength: 1, maxLength: 2 }),
  visits: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 3, maxLength: 4 }),
  isStudy: fc.boolean(),
  volumes: fc.integer({ min: 0, max: 19 }).map((n) => n === 0), // drawing takes most of the time
  damaged: fc.boolean(),
  spaced: fc.boolean(),
  telling: fc.boolean(),
});

/** Nobody's name, and no word of a report: found in a file, it was not left out. */
export const unmistakable = fc.string({
  unit: fc.constantFrom(...'qxzjkwv'),
  minLength: 10,
  maxLength: 12,
});

const nasty = fc.oneof(
  fc.constantFrom(
    ...['P1', 'P2', 'P100', 'P?', 'mask', 'brain', 'visit', 'class', 'cohort', 'fold', 'AD', 'sub-AD', 'CN'],
    ...['Anna', 'Zoë', '李雷', 'sub-01', '4021', '007', '1', 'a.b*c', '(x+', '[^$]', '$&', '<b>Bob</b>'],
    ...['&amp;', "O'Neil", '"quoted"', '__proto__', 'constructor', 'undefined', 'e', 'Hippocampus_L'],
    ...['report', 'voxmask', 'numbers', 'true', 'PATH', '…', 'https:', 'sub-002S0295', '\u001b[31mred'],
  ),
  fc.string({ unit: fc.constantFrom(...'abcXYZ'), minLength: 1, maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 6 }),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 2 })
    .map((text) => text.replace(/[\s/\0"–-]|^\.+/g, '_')), // dashes stand for missing values
);
const plain = fc.oneof(
  fc.constantFrom('Anna', 'brain', 'mask', 'adni', 'P1', 'AD', 'cohort', '4021', 'n'),
  unmistakable,
);

export const names: fc.Arbitrary<Names> = fc.record({
  participants: fc
    .tuple(unmistakable, fc.uniqueArray(nasty, { minLength: 3, maxLength: 3 }))
    .map(([one, others]) => [one, ...others]),
  firstDay: fc.integer({ min: 0, max: 9000 }),
  dated: fc.constantFrom(...dateForms),
  root: fc.constantFrom('output', 'data/Anna', 'brain', 'mask', 'train', 'home/anna/study', 'a b', "it's"),
  host: fc.constantFrom('brain', 'mask', 'train', 'data', 'localhost', 'e', 'report', 'annas-mac'),
  ...{ study: plain, cohort: plain, stage: plain, map: plain, comparison: plain },
});

/** How the participants are called: the same one has a space in its name, whatever it is. */
export function called({ visits, spaced }: Spec, { participants }: Names): string[] {
  return visits.map((_, i) =>
    spaced && i === 1 ? `${participants[i]} ${participants[i]}` : participants[i],
  );
}

/** How a visit is called: by its date. */
export function dateOf({ firstDay, dated }: Names, participant: number, visit: number): string {
  const day = new Date(Date.UTC(2000, 0, 1 + firstDay + 200 * visit + participant))
    .toISOString()
    .slice(0, 10);
  return dated.replace('2019-03-01', day).replace('20190301', day.replaceAll('-', ''));
}

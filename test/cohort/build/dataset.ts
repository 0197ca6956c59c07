import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { BuildOptions } from '../../../cohort/build/index.ts';
import { linkInto, optionsOf, place, writeInto } from './places.ts';
import type { Visit } from './reference.ts';

const words = {
  CN: ['CN', 'cn', 'Controls', 'Nondemented', 'CU', 'NL', 'cognitively normal'],
  AD: ['AD', 'Dementia', 'Demented', 'Alzheimer Disease', 'AD dementia', 'Alzheimer\u2019s'],
  MCI: ['MCI', 'EMCI', 'late_mci'],
  missing: ['', 'n/a', 'NA', '-', '.', 'null', '-4', 'NaN', 'None'],
};
/** Cells of age and sex, and what each means. */
const ages: readonly (readonly [cell: string, age: number | null])[] = [
  ['70', 70],
  ['71.5', 71.5],
  ['72,25', 72.25],
  ['89+', 89],
  ['"66"', 66],
  ['n/a', null],
  ['-4', null],
];
const sexes: readonly (readonly [cell: string, sex: 'F' | 'M' | null])[] = [
  ['F', 'F'],
  ['female', 'F'],
  ['m', 'M'],
  ['Male', 'M'],
  ['O', null],
  ['NA', null],
];
const spellings = [
  (months: number) => `ses-M${String(months).padStart(3, '0')}`,
  (months: number) => (months === 0 ? 'bl' : `m${months}`),
  (months: number) => `M${months}`,
];
const rarely = fc.constantFrom(true, ...Array<boolean>(7).fill(false));

const visits = fc.array(
  fc.record({
    image: fc.constantFrom('map', 'map', 'map', 'map', 'map', 'map', 'other', 'none'),
    diagnosis: fc.constantFrom(...Array<'same'>(9).fill('same'), 'CN', 'AD', 'MCI', null, null, undefined),
    listedOut: rarely,
    word: fc.nat(),
    spelling: fc.nat(2),
    age: fc.nat(ages.length - 1),
    sex: fc.nat(sexes.length - 1),
  }),
  { minLength: 1, maxLength: 4 },
);

/** What a random dataset is made from. */
export const drawn = fc.record({
  layout: fc.constantFrom('caps', 'bids', 'cat12', 'spm', 'pattern', 'table'),
  truncate: fc.boolean(),
  /** macOS leaves a hidden file beside each image */
  hidden: fc.boolean(),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  /** a session has two rows, under two spellings */
  repeated: fc.constantFrom(true, ...Array<boolean>(19).fill(false)),
  participantColumn: fc.constantFrom('participant_id', 'Participant_ID', 'PARTICIPANT_ID'),
  people: fc.array(
    fc.record({
      diagnosis: fc.constantFrom('CN', 'CN', 'CN', 'AD', 'AD', 'AD', 'MCI'),
      visits,
      /** the first image is that of the participant before, in this way */
      same: fc.constantFrom(null, null, null, null, 'symbolic link', 'hard link', 'copy'),
    }),
    { minLength: 4, maxLength: 7 },
  ),
});

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

/** A dataset on disk: what is to be decided, and the options to build it. */
export interface Dataset {
  readonly visits: readonly Visit[];
  readonly options: BuildOptions;
  /** whether a session has two rows */
  readonly repeated: boolean;
}

/** Where the image of a visit is in each layout; a second kind of map where a layout has one. */
const imageIn: Readonly<Record<string, (who: string, session: string, other: boolean) => string>> = {
  caps: (who, session, other) =>
    `subjects/${who}/${session}/t1/spm/segmentation/normalized_space/${who}_${session}_T1w_segm-graymatter_space-S_modulated-${other ? 'on' : 'off'}_probability.nii.gz`,
  bids: (who, session, other) =>
    `${who}/${session}/anat/${who}_${session}${other ? '' : '_space-MNI'}_label-GM_probseg.nii.gz`,
  cat12: (who, session, other) =>
    `${who}/${session}/anat/mri/${other ? 'm' : ''}wp1${who}_${session}_T1w.nii`,
  spm: (who, session, other) => `${who}/${session}/${other ? 'm' : ''}wc1scan.nii`,
  pattern: (who, session) => `${who}_${session}_gm.nii`,
  table: (who, session) => `images/${who}_${session}.nii`,
};

/** Writes a dataset. Each image's content is a number of its own, but where it is that of another participant. */
export function write(drawn: Drawn): Dataset {
  const { layout, truncate, participantColumn, people } = drawn;
  const hasKinds = ['caps', 'bids', 'cat12', 'spm'].includes(layout);
  const showsEmpty = ['caps', 'bids'].includes(layout); // a session's folder without a map
  const folder = place({});
  const all: Visit[] = [];
  const table = [`${participantColumn}|session_id|Diagnosis|Age|SEX|path`];
  const out = ['participant_id|session_id'];
  let before: string | null = null;
  let repeated: string | null = null;
  people.forEach((person, p) => {
    const who = `sub-${p}`;
    let first = true;
    person.visits.forEach((one, v) => {
      const months = 6 * v;
      const diagnosis = one.diagnosis === 'same' ? person.diagnosis : one.diagnosis;
      const image = one.image === 'other' && !hasKinds ? 'none' : one.image;
      const needsRow = layout === 'table' || (image === 'none' && !showsEmpty);
      if (diagnosis === undefined && needsRow) return; // nothing says that there is such a session
      const file = path.join(folder, imageIn[layout](who, spellings[0](months), image === 'other'));
      if (image === 'none') fresh(path.join(path.dirname(file), 'other.txt'));
      else if (image === 'map' && first && person.same !== null && before !== null)
        same(before, file, person.same);
      else fresh(file);
      if (drawn.hidden) writeInto(path.join(path.dirname(file), `._${path.basename(file)}`), 'hidden');
      if (image === 'map' && first) {
        before = file;
        first = false;
      }
      const session = spellings[one.spelling](months);
      const relative = image === 'none' ? 'n/a' : path.relative(folder, file);
      if (diagnosis !== undefined) {
        const of = words[diagnosis ?? 'missing'];
        const rest = [of[one.word % of.length], ages[one.age][0], sexes[one.sex][0], relative];
        table.push([who, session, ...rest].join('|'));
        repeated ??= [who, spellings[(one.spelling + 1) % 3](months), ...rest].join('|');
      }
      if (one.listedOut && image === 'map') out.push(`${who}|${session}`);
      const [age, sex] = [ages[one.age][1], sexes[one.sex][1]];
      all.push({ participant: who, months, image, diagnosis, age, sex, listedOut: one.listedOut });
    });
  });
  const isRepeated = drawn.repeated && repeated !== null;
  if (isRepeated) table.push(repeated!);
  const lists = place({ 'table.tsv': table, 'out.tsv': out }, { lineEnd: drawn.lineEnd });
  if (layout === 'table')
    writeFileSync(path.join(folder, 'table.tsv'), readFileSync(path.join(lists, 'table.tsv')));
  return {
    visits: all,
    repeated: isRepeated,
    options: optionsOf(layout === 'table' ? path.join(folder, 'table.tsv') : folder, {
      tables: layout === 'table' ? null : path.join(lists, 'table.tsv'),
      variant: layout === 'bids' ? ['space-MNI'] : [],
      unstable: truncate ? 'truncate' : 'drop',
      exclude: out.length > 1 ? path.join(lists, 'out.tsv') : null,
      pattern: layout === 'pattern' ? '{participant}_{session}_gm.nii' : null,
    }),
  };
}

let written = 0;

function fresh(file: string): void {
  writeInto(file, String(written++));
}

function same(from: string, to: string, how: 'symbolic link' | 'hard link' | 'copy'): void {
  if (how === 'copy') writeInto(to, readFileSync(from, 'utf8'));
  else linkInto(from, to, how);
}

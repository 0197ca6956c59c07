import { listed } from './listed.ts';
import { monthsOf } from './session.ts';
import { type Diagnoses, isUnknown, numberOf, sexOf } from './spellings.ts';
import { isMissing, type Table } from './table.ts';

/** What tables tell of one session. */
export interface ClinicalSession {
  readonly participantId: string;
  readonly sessionId: string;
  readonly diagnosis: string | null;
  readonly age: number | null;
  readonly sex: 'F' | 'M' | null;
  readonly mmse: number | null;
  readonly cdr: number | null;
}

/** Names of columns, in order of preference, letter case aside: BIDS, Clinica, ADNI. */
export const clinicalColumns = {
  diagnosis: ['diagnosis', 'dx', 'diagnosis_sc', 'dx_bl', 'group'],
  age: ['age', 'age_at_session', 'age_at_scan'],
  baselineAge: ['age_bl', 'age_at_baseline'],
  sex: ['sex', 'gender', 'ptgender'],
  mmse: ['mmse', 'mms', 'mmse_score'],
  cdr: ['cdr', 'cdr_global', 'cdglobal', 'cdr_gl'],
} as const;

type Field = keyof typeof clinicalColumns;
type Row = Readonly<Record<string, string>>;

/** A row of a table, where it is, and what it leaves to its participant's row. */
export interface GivenRow {
  readonly row: Row;
  readonly line: number;
  /** null for a participant's row */
  readonly sessionId: string | null;
  readonly inherited: Row | undefined;
}

/** What is noticed while rows are read: values that cannot be, and what was taken for granted of how many. */
export interface Noticed {
  readonly faults: string[];
  /** `sub-1 ses-M00` of each row whose sex is neither F nor M */
  readonly otherSex: string[];
  /** of each row whose baseline age was not advanced, since its session names no time */
  readonly untimed: string[];
}

const oldest = 120; // years
const cdrGrades = [0, 0.5, 1, 2, 3];

/** A session's values; impossible ones are null and a fault, which does not name the row. */
export function sessionOf(
  { row, sessionId, inherited }: GivenRow,
  diagnoses: Diagnoses,
  noticed: Noticed,
): ClinicalSession {
  const cell = (field: Field) => valueIn(row, field, diagnoses) ?? valueIn(inherited, field, diagnoses);
  const complain = (field: string, value: string | undefined, wanted: string) => {
    noticed.faults.push(`${field} "${value}" is not ${wanted}`);
    return null;
  };
  const participantId = row.participant_id;
  if (isMissing(participantId)) noticed.faults.push(`has no participant_id`);
  if (sessionId !== null && isMissing(sessionId)) noticed.faults.push(`has no session_id`);
  for (const id of [participantId, sessionId ?? '']) {
    if (/\s/.test(id)) noticed.faults.push(`the identifier "${id}" has a space in it`);
  }
  const name = sessionId === null ? participantId : `${participantId} ${sessionId}`;
  const [age, baseline, mmse, cdr] = (['age', 'baselineAge', 'mmse', 'cdr'] as const).map((field) =>
    numberOf(cell(field)),
  );
  const sex = sexOf(cell('sex'));
  if (sex === 'other') noticed.otherSex.push(name);
  const months = sessionId === null ? 0 : monthsOf(sessionId);
  if (age === null && baseline !== null && months === null) noticed.untimed.push(name);
  const years = age ?? (baseline === null ? null : baseline + (months ?? 0) / 12);
  const score = (value: number | null) => (value !== null && value < 0 ? null : value);
  return {
    participantId,
    sessionId: sessionId ?? '',
    diagnosis: diagnoses.read(cell('diagnosis')),
    age:
      years === null || (years >= 0 && years <= oldest)
        ? years
        : complain('age', cell('age') ?? cell('baselineAge'), `a number of years from 0 to ${oldest}`),
    sex:
      sex === undefined ? complain('sex', cell('sex'), 'F, M, other or n/a') : sex === 'other' ? null : sex,
    mmse:
      score(mmse) === null || mmse! <= 30
        ? score(mmse)
        : complain('MMSE', cell('mmse'), 'a number from 0 to 30'),
    cdr:
      score(cdr) === null || cdrGrades.includes(cdr!)
        ? score(cdr)
        : complain('CDR', cell('cdr'), `one of ${cdrGrades.join(', ')}`),
  };
}

/** Sentences about what was taken for granted. */
export function notesOf({ otherSex, untimed }: Omit<Noticed, 'faults'>): string[] {
  const of = (names: readonly string[]) => `${names.length} ${names.length === 1 ? 'row' : 'rows'}`;
  return [
    ...(otherSex.length > 0
      ? [`Sex is neither F nor M in ${of(otherSex)} (${listed(otherSex, ', ', 3)}): taken as not known.`]
      : []),
    ...(untimed.length > 0
      ? [
          `The age at baseline is taken as it is in ${of(untimed)} (${listed(untimed, ', ', 3)}), whose sessions name neither months (M12) nor days (d365).`,
        ]
      : []),
  ];
}

/** Columns of one meaning whose names differ in letter case only: which one holds? */
export function doubtfulColumns({ path: file, columns: names }: Table): string[] {
  const aliases: readonly string[] = Object.values(clinicalColumns).flat();
  return aliases.flatMap((alias) => {
    const same = names.filter((name) => name.toLowerCase() === alias);
    return same.length > 1 ? [`${file}, line 1: has the columns ${same.join(' and ')}; keep one`] : [];
  });
}

/** Whether a table has a column of a field. */
export function hasColumn({ columns: names }: Table, field: Field): boolean {
  const aliases: readonly string[] = clinicalColumns[field];
  return names.some((name) => aliases.includes(name.toLowerCase()));
}

/** The first column of a field that the row has a value in. */
export function valueIn(row: Row | undefined, field: Field, diagnoses: Diagnoses): string | undefined {
  if (row === undefined) return undefined;
  const names = new Map(Object.keys(row).map((name) => [name.toLowerCase(), name]));
  for (const alias of clinicalColumns[field]) {
    const name = names.get(alias);
    if (name === undefined) continue;
    // The user may give a name to what stands for "not known".
    if (!isUnknown(row[name]) || (field === 'diagnosis' && diagnoses.read(row[name]) !== null))
      return row[name];
  }
  return undefined;
}

/** A participant's visit in a random dataset: what is in its folder, and what the table says of it. */
export interface Visit {
  readonly participant: string;
  readonly months: number;
  /** whether an image of the kind that is asked for is there, another kind only, or none */
  readonly image: 'map' | 'other' | 'none';
  /** the diagnosis that the table's cell means; null for a missing one, undefined where the table has no such row */
  readonly diagnosis: 'CN' | 'AD' | 'MCI' | null | undefined;
  readonly listedOut: boolean;
  /** what the row's cells mean; null for not known */
  readonly age: number | null;
  readonly sex: 'F' | 'M' | null;
}

/** What becomes of each visit: `CN`, `AD`, or the beginning of the reason why it is left out. */
export type Outcomes = Map<Visit, string>;

/**
 * Decides about each visit of a dataset in the plainest way: no grouping, no maps by key, every rule of docs/method.md by
 * itself for one visit at a time.
 *
 * @param truncate whether participants are kept up to a change of diagnosis
 */
export function decide(visits: readonly Visit[], truncate: boolean): Outcomes {
  return new Map(visits.map((visit) => [visit, outcomeOf(visit, visits, truncate)]));
}

function outcomeOf(visit: Visit, visits: readonly Visit[], truncate: boolean): string {
  if (visit.image === 'other') return 'no map that is';
  if (visit.image === 'none') return 'no image';
  if (visit.listedOut) return 'listed in';
  const rows = visits.filter((one) => one.participant === visit.participant && one.diagnosis !== undefined);
  if (rows.length === 0) return 'participant not in the tables';
  if (visit.diagnosis === undefined) return 'session not in the tables';
  rows.sort((a, b) => a.months - b.months);
  const filled = rows.map((row) => fill(row, rows));
  const own = filled[rows.indexOf(visit)];
  if (own === null) return 'diagnosis not known';
  const first = filled.find((one) => one !== null);
  const upTo = truncate ? rows.indexOf(visit) : rows.length - 1;
  const changed = filled.some((one, i) => i <= upTo && one !== null && one !== first);
  if (changed) return 'diagnosis changes';
  return own === 'MCI' ? 'diagnosis MCI is not under study' : own;
}

function fill(row: Visit, rows: readonly Visit[]): string | null {
  if (row.diagnosis) return row.diagnosis;
  const known = rows.filter((one) => one.diagnosis);
  const before = known.filter((one) => one.months < row.months).at(-1);
  const after = known.find((one) => one.months > row.months);
  return before?.diagnosis && before.diagnosis === after?.diagnosis ? before.diagnosis : null;
}

import type { Demographics, Distribution } from '../cohort/demographics.ts';

/** Columns of table 1, the cohort's name first. */
export const demographicColumns = [
  'cohort',
  'label',
  'participants',
  'sessions',
  'age',
  'sex',
  'MMSE',
  'CDR',
] as const;

/** A group's cells of table 1, behind its cohort's name. */
export function demographicCells(group: Demographics): (string | number)[] {
  const { diagnosis, participants, sessions, age, female, male, sexMissing, mmse, cdr, cdrMissing } = group;
  const grades = [...cdr].map(([grade, count]) => `${grade}: ${count}`).join(', ');
  return [
    diagnosis,
    participants,
    sessions,
    distributionText(age),
    `${female} F / ${male} M${missingText(sexMissing)}`,
    distributionText(mmse),
    cdrMissing === participants ? 'n/a' : `${grades}${missingText(cdrMissing)}`,
  ];
}

function distributionText({ mean, deviation, least, most, missing }: Distribution): string {
  if (Number.isNaN(mean)) return 'n/a';
  const spread = Number.isNaN(deviation) ? '' : ` ± ${deviation.toFixed(1)}`;
  return `${mean.toFixed(1)}${spread} [${least.toFixed(1)}, ${most.toFixed(1)}]${missingText(missing)}`;
}

function missingText(missing: number): string {
  return missing > 0 ? ` (${missing} n/a)` : '';
}

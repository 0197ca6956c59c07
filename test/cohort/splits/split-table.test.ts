import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Cohort, Session } from '../../../cohort/cohort.ts';
import { fingerprintsIn, formatSplit, knownImages, readSplit } from '../../../cohort/splits/split-table.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-split-'));
afterAll(() => rmSync(folder, { recursive: true }));

function session(participantId: string, sessionId: string, diagnosis: string, line: number): Session {
  return {
    participantId,
    sessionId,
    diagnosis,
    age: null,
    sex: null,
    mmse: null,
    cdr: null,
    path: `/${participantId}.nii`,
    line,
  };
}

const cohort: Cohort = {
  path: 'cohort.tsv',
  sessions: [
    session('sub-1', 'ses-M000', 'AD', 2),
    session('sub-1', 'ses-M012', 'AD', 3),
    session('sub-2', 'ses-M000', 'CN', 4),
    session('sub-3', 'ses-M000', 'AD', 5),
  ],
};

function tableOf(...rows: string[]): string {
  const file = path.join(folder, 'split.tsv');
  writeFileSync(file, `${['participant_id\tsession_id\tdiagnosis\tset', ...rows].join('\n')}\n`);
  return file;
}

it("finds the cohort's own sessions, however their months are spelled, in the order of the table", () => {
  const file = tableOf(
    'sub-1\tses-M12\tAD\ttrain',
    'sub-1\tses-M00\tAD\ttrain',
    'sub-2\tses-M000\tCN\ttest',
    'sub-3\tbl\tAD\tvalidation',
  );
  const [first, second, , fourth] = cohort.sessions;
  const { train, validation } = readSplit(file, cohort);
  expect(train).toEqual([second, first]);
  expect(train[0]).toBe(second);
  expect(validation).toEqual([fourth]);
});

it.each([
  ['a foreign session', ['sub-1\tses-M024\tAD\ttrain'], /line 2: sub-1 ses-M024 is not in cohort\.tsv/],
  ['another diagnosis', ['sub-2\tses-M000\tAD\ttrain'], /line 2: sub-2 ses-M000 is AD, but CN in/],
  ['a repeated row', Array(2).fill('sub-3\tses-M00\tAD\ttrain'), /line 3: sub-3 ses-M00 is there twice/],
  ['an empty side', ['sub-1\tses-M000\tAD\ttrain'], /has no session of the set validation/],
  [
    'a participant on both sides',
    ['sub-1\tses-M000\tAD\ttrain', 'sub-1\tses-M012\tAD\tvalidation'],
    /1 participant is on two sides: sub-1/,
  ],
])('refuses %s', (_, rows, fault) => {
  expect(() => readSplit(tableOf(...rows), cohort)).toThrow(fault);
});

it('refuses a table without the sets', () => {
  const file = path.join(folder, 'other.tsv');
  writeFileSync(file, 'participant_id\tsession_id\nsub-1\tses-M000\n');
  expect(() => readSplit(file, cohort)).toThrow(/lacks the column set/);
});

it('records fingerprints where they are known, and reads them again, however months are spelled', () => {
  const [first, second, third, fourth] = cohort.sessions;
  const sets = { train: [first, second, third], validation: [fourth] };
  const file = path.join(folder, 'known.tsv');
  const of = (session: Session) =>
    session === third ? null : `${session.participantId}-${session.sessionId}`;
  writeFileSync(file, formatSplit(sets, of));
  expect(knownImages(file).map(({ set, fingerprint }) => [set, fingerprint])).toEqual([
    ['train', 'sub-1-ses-M000'],
    ['train', 'sub-1-ses-M012'],
    ['validation', 'sub-3-ses-M000'],
  ]);
  expect(fingerprintsIn(file)({ ...second, sessionId: 'ses-M12' })).toBe('sub-1-ses-M012');
  expect(fingerprintsIn(file)(third)).toBeNull();
  expect(readSplit(file, cohort)).toEqual(sets);

  writeFileSync(file, formatSplit(sets)); // as before there were any
  expect(knownImages(file)).toEqual([]);
  expect(formatSplit(sets).split('\n')[0]).toBe('participant_id\tsession_id\tdiagnosis\tset');
});

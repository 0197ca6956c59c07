import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Cohort, Session } from '../../../cohort/cohort.ts';
import { readFold } from '../../../cohort/splits/read-fold.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-folds-'));
afterAll(() => rmSync(folder, { recursive: true }));

const classes = ['CN', 'AD'];
const cohort: Cohort = {
  path: 'cohort.tsv',
  sessions: ['CN', 'AD'].flatMap((diagnosis) =>
    [1, 2, 3].flatMap((i) =>
      ['ses-M000', 'ses-M006'].map(
        (sessionId): Session => ({
          participantId: `sub-${diagnosis}${i}`,
          sessionId,
          diagnosis,
          age: null,
          sex: null,
          mmse: null,
          cdr: null,
          path: '/x',
          line: 2,
        }),
      ),
    ),
  ),
};
const names = (sessions: Session[]) => sessions.map((s) => `${s.participantId} ${s.sessionId}`);

/** Writes lists: by file, rows of participant, session and, if there is one, diagnosis. */
function lists(name: string, files: Record<string, string[]>): string {
  for (const [file, rows] of Object.entries(files)) {
    const where = path.join(folder, name, file);
    mkdirSync(path.dirname(where), { recursive: true });
    const columns = ['participant_id', 'session_id', 'diagnosis'].slice(0, rows[0]?.split(' ').length ?? 3);
    writeFileSync(
      where,
      `${[columns.join('\t'), ...rows.map((row) => row.replaceAll(' ', '\t'))].join('\n')}\n`,
    );
  }
  return path.join(folder, name);
}

const old = {
  'train_splits-5/split-0/CN.tsv': ['sub-CN1 ses-M00 CN', 'sub-CN1 ses-M06 CN', 'sub-CN9 ses-M00 CN'],
  'train_splits-5/split-0/AD.tsv': ['sub-AD1 ses-M00 AD', 'sub-AD1 ses-M06 AD'],
  'train_splits-5/split-0/MCI.tsv': ['sub-AD2 ses-M00 MCI'],
  'validation_splits-5/split-0/CN_baseline.tsv': ['sub-CN2 ses-M00 CN'],
  'validation_splits-5/split-0/AD_baseline.tsv': ['sub-AD2 ses-M00 AD'],
};

it('reads the old layout, a table per diagnosis, and counts what the cohort lacks', () => {
  const { split, absent } = readFold(lists('old', old), 0, classes, cohort);
  expect(names(split.train)).toEqual([
    'sub-CN1 ses-M000',
    'sub-CN1 ses-M006',
    'sub-AD1 ses-M000',
    'sub-AD1 ses-M006',
  ]);
  expect(names(split.validation)).toEqual(['sub-AD2 ses-M000', 'sub-CN2 ses-M000']);
  expect(absent).toBe(1);
});

it('reads the new layout, with diagnoses or without', () => {
  const rows = {
    train: ['sub-CN1 ses-M000 CN', 'sub-AD1 ses-M006 AD', 'sub-X ses-M000 MCI'],
    validation: ['sub-CN2 ses-M000 CN', 'sub-AD2 ses-M000 AD'],
  };
  const bare = (list: string[]) => list.map((row) => row.split(' ').slice(0, 2).join(' '));
  for (const [name, cut] of [
    ['new', (list: string[]) => list],
    ['bare', bare],
  ] as const) {
    const place = lists(name, {
      'split-0/train.tsv': cut(rows.train),
      'split-0/validation_baseline.tsv': cut(rows.validation),
    });
    const { split, absent } = readFold(place, 0, classes, cohort);
    expect(names(split.train)).toEqual(['sub-CN1 ses-M000', 'sub-AD1 ses-M006']);
    expect(names(split.validation)).toEqual(['sub-AD2 ses-M000', 'sub-CN2 ses-M000']);
    expect(absent).toBe(0);
  }
});

it('refuses lists that leak, even by a participant whom the cohort lacks', () => {
  const leak = {
    ...old,
    'validation_splits-5/split-0/CN_baseline.tsv': ['sub-CN2 ses-M00 CN', 'sub-CN9 ses-M06 CN'],
  };
  expect(() => readFold(lists('leak', leak), 0, classes, cohort)).toThrow(
    /on two sides: sub-CN9 \(train, validation\)/,
  );
});

it.each([
  [
    'another diagnosis',
    { 'train_splits-5/split-0/AD.tsv': ['sub-CN3 ses-M00 AD'] },
    /line 2: sub-CN3 ses-M00 is AD, but CN in/,
  ],
  [
    'a class that the cohort lacks',
    { 'train_splits-5/split-0/AD.tsv': ['sub-AD8 ses-M00 AD'] },
    /no train session of AD is in cohort\.tsv/,
  ],
])('refuses lists with %s', (name, more, message) => {
  expect(() => readFold(lists(name.replaceAll(' ', '-'), { ...old, ...more }), 0, classes, cohort)).toThrow(
    message,
  );
});

it('refuses folders that hold no folds, and folds that are not there', () => {
  const at =
    (place: string, fold = 0) =>
    () =>
      readFold(place, fold, classes, cohort);
  expect(at(path.join(folder, 'nothing'))).toThrow(/does not exist/);
  mkdirSync(path.join(folder, 'empty'));
  expect(at(path.join(folder, 'empty'))).toThrow(/holds no folds: neither fold-0\.tsv, nor/);
  expect(at(path.join(folder, 'old'), 3)).toThrow(/split-3.*does not exist/);
  writeFileSync(path.join(folder, 'empty', 'fold-0.tsv'), 'participant_id\tsession_id\tset\n');
  expect(at(path.join(folder, 'empty'), 1)).toThrow(/has no fold 1/);
});

it('names the spellings that it took, counts rows of other diagnoses, and refuses words of unknown meaning', () => {
  const spelt = (word: string) => ({
    'split-0/train.tsv': [
      'sub-CN1 ses-M000 Control',
      'sub-AD1 ses-M006 AD',
      'sub-X ses-M000 MCI',
      `sub-CN3 ses-M000 ${word}`,
    ],
    'split-0/validation_baseline.tsv': [
      'sub-CN2 ses-M000 CN',
      `sub-AD2 ses-M000 AD`,
      `sub-AD3 ses-M000 ${word}`,
    ],
  });
  const known = readFold(lists('known words', spelt('LMCI')), 0, classes, cohort);
  expect(known.notes).toEqual([
    expect.stringMatching(/"Control" as CN \(1\).*"LMCI" as MCI \(2\)/),
    'Rows of other diagnoses are left out: MCI (3).',
  ]);
  expect(() => readFold(lists('unknown words', spelt('Kontrolle')), 0, classes, cohort)).toThrow(
    /unknown words: has a diagnosis of unknown meaning:\s+"Kontrolle" in 2 rows\n.*Write CN, AD or another usual name/,
  );
});

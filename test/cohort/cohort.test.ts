import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadVolume, readCohort } from '../../cohort/cohort.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { compareSessionIds, firstSessions, sessionKey } from '../../cohort/session.ts';
import { put, rawFile, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();
const classes = ['CN', 'AD'];
const header = 'participant_id\tsession_id\tdiagnosis\tage\tsex\tpath';

mkdirSync(path.join(folder, 'images'));
const las = [-1.5, 0, 0, 90, 0, 1.5, 0, -126, 0, 0, 1.5, -72];
const image = { dims: [2, 2, 2], sform: las, values: [1, 2, 3, 4, 5, 6, 7, 8] };
put(path.join(folder, 'images'), 'a.nii', rawFile(image));
put(
  path.join(folder, 'images'),
  'moved.nii',
  rawFile({ ...image, sform: las.map((v, i) => (i === 3 ? v + 4 : v)) }),
);
put(path.join(folder, 'images'), 'ras.nii', rawFile({ ...image, sform: [1.5, 0, 0, 88.5, ...las.slice(4)] }));

function cohortFile(...rows: string[]): string {
  return put(folder, 'cohort.tsv', `${[header, ...rows].join('\n')}\n`);
}

describe('readCohort', () => {
  it('reads sessions in the order of the table, with paths from its folder', () => {
    const file = cohortFile(
      'sub-2\tses-M12\tAD\t71.5\tfemale\timages/a.nii',
      `sub-1\tses-M00\tCN\tn/a\tN/A\t${path.join(folder, 'images', 'ras.nii')}`,
      'sub-2\tses-M00\tAD\t\tM\timages/../images/a.nii',
    );
    const where = path.join(folder, 'images', 'a.nii');
    expect(readCohort(file, classes).sessions).toEqual([
      {
        participantId: 'sub-2',
        sessionId: 'ses-M12',
        diagnosis: 'AD',
        age: 71.5,
        sex: 'F',
        mmse: null,
        cdr: null,
        path: where,
        line: 2,
      },
      {
        participantId: 'sub-1',
        sessionId: 'ses-M00',
        diagnosis: 'CN',
        age: null,
        sex: null,
        mmse: null,
        cdr: null,
        path: path.join(folder, 'images', 'ras.nii'),
        line: 3,
      },
      {
        participantId: 'sub-2',
        sessionId: 'ses-M00',
        diagnosis: 'AD',
        age: null,
        sex: 'M',
        mmse: null,
        cdr: null,
        path: where,
        line: 4,
      },
    ]);
  });

  it('does without age and sex, and leaves other columns alone', () => {
    const text =
      'path\tdiagnosis\tMMSE\tsession_id\tparticipant_id\nimages/a.nii\tCN\t29\tM0\ts1\nimages/ras.nii\tAD\t20\tM0\ts2\n';
    const [session] = readCohort(put(folder, 'short.tsv', text), classes).sessions;
    expect(session).toMatchObject({ participantId: 's1', age: null, sex: null });
  });

  it('reports all faults at once, each with its line', () => {
    const file = cohortFile(
      'sub-1\tses-M00\tCN\t70\tF\timages/a.nii',
      'sub-1\tses-M000\tCN\t70\tF\timages/a.nii',
      'sub-2\tses-M00\tMCI\t-2\tX\timages/none.nii',
      '\tses-M00\tAD\told\tF\timages',
      'sub-3\tn/a\tAD\t121\tF\t',
    );
    let message = '';
    try {
      readCohort(file, classes);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message.split('\n').slice(1)).toEqual([
      '  line 3: repeats sub-1 ses-M000 of line 2',
      '  line 4: age "-2" is not a number of years from 0 to 120',
      '  line 4: sex "X" is not F, M, other or n/a',
      '  line 4: diagnosis "MCI" is not one of CN, AD',
      '  line 4: image images/none.nii does not exist',
      '  line 5: has no participant_id',
      '  line 5: age "old" is not a number of years from 0 to 120',
      '  line 5: image images is not a file',
      '  line 6: has no session_id',
      '  line 6: age "121" is not a number of years from 0 to 120',
      '  line 6: has no path.',
    ]);
    expect(message.split('\n')[0]).toBe(`${file}: has 11 faults. Correct these rows:`);
  });

  it('refuses an image of two participants, who could stand on two sides', () => {
    const file = cohortFile(
      'sub-1\tM0\tAD\t70\tF\timages/a.nii',
      'sub-1\tM6\tAD\t70\tF\timages/a.nii',
      'sub-2\tM0\tCN\t70\tF\timages/../images/a.nii',
    );
    expect(() => readCohort(file, classes)).toThrow(
      /1 fault\. .*\n {2}line 4: image .*a\.nii of sub-2 M0 is that of sub-1 M0 in line 2\.$/,
    );
  });

  it.each([
    ['symbolic', symlinkSync],
    ['hard', linkSync],
  ])(
    'refuses a %s link to the image of another participant, and notes one within a participant',
    (kind, link) => {
      const name = `images/${kind}.nii`;
      link(path.join(folder, 'images/a.nii'), path.join(folder, name));
      const rows = [`sub-1\tM0\tAD\t70\tF\timages/a.nii`, `sub-2\tM0\tCN\t70\tF\timages/ras.nii`];
      const across = cohortFile(...rows, `sub-3\tM0\tCN\t70\tF\t${name}`);
      expect(() => readCohort(across, classes)).toThrow(
        new RegExp(`line 4: image ${name} of sub-3 M0 is that of sub-1 M0 in line 2 \\(a link\\)`),
      );
      expect(readCohort(across, classes, { copiesCompared: true }).sessions).toHaveLength(3);
      const within = cohortFile(...rows, `sub-1\tM6\tAD\t70\tF\t${name}`);
      expect(readCohort(within, classes).notes).toEqual([
        'Sessions of one participant have one image: sub-1 M0 and M6.',
      ]);
    },
  );

  it('is as tolerant as cohort build: columns, spellings, missing values, other sexes, Windows paths', () => {
    const text = [
      'Participant_ID\tSESSION_ID\tDX\tAge\tGender\tMMS\tPath',
      'sub-1\tM0\tAlzheimer\u2019s disease\tNA\tO\t-4\timages\\a.nii',
      'sub-2\tM0\tControls\t70,5\twoman\t29\timages/ras.nii',
    ];
    const { sessions, notes } = readCohort(put(folder, 'own.tsv', `${text.join('\n')}\n`), classes);
    expect(sessions).toMatchObject([
      { diagnosis: 'AD', age: null, sex: null, mmse: null, path: path.join(folder, 'images/a.nii') },
      { diagnosis: 'CN', age: 70.5, sex: 'F', mmse: 29 },
    ]);
    expect(notes?.join(' ')).toMatch(/neither F nor M in 1 row \(sub-1 M0\).*"Controls" as CN \(1\)/);
  });

  it('refuses an age in hexadecimal', () => {
    expect(() => readCohort(cohortFile('sub-1\tM0\tAD\t0x4A\tF\timages/a.nii'), classes)).toThrow(
      /line 2: age "0x4A" is not a number of years/,
    );
  });

  it('refuses spaces in identifiers', () => {
    const file = cohortFile('sub 1\tM 0\tAD\t70\tF\timages/a.nii');
    expect(() => readCohort(file, classes)).toThrow(
      /line 2: the identifier "sub 1" has a space in it\n {2}line 2: the identifier "M 0" has a space/,
    );
  });

  it('lists 20 faults and counts the rest', () => {
    const rows = Array.from({ length: 30 }, (_, i) => {
      put(folder, `${i}.nii`, rawFile(image));
      return `sub-${i}\tM0\tSMC\t70\tF\t${i}.nii`;
    });
    expect(() => readCohort(cohortFile(...rows), classes)).toThrow(
      /30 faults(.|\n)*line 21: .*\n {2}and 10 more\.$/,
    );
  });

  it('refuses one diagnosis unless told, no session at all, and missing columns', () => {
    const file = cohortFile('sub-1\tM0\tAD\t70\tF\timages/a.nii');
    expect(() => readCohort(file, classes)).toThrow(/holds the diagnosis AD only.*\(CN\)/);
    expect(readCohort(file, classes, { allowOneClass: true }).sessions).toHaveLength(1);
    expect(() => readCohort(cohortFile(), classes)).toThrow(/lists no session/);
    expect(() => readCohort(put(folder, 'no.tsv', 'participant_id\tpath\n'), classes)).toThrow(
      /lacks the columns session_id, diagnosis/,
    );
    expect(() => readCohort(path.join(folder, 'absent.tsv'), classes)).toThrow(/does not exist/);
  });
});

describe('loadVolume', () => {
  const [session, moved, ras] = ['a', 'moved', 'ras'].map((name, i) => ({
    participantId: `sub-${i}`,
    sessionId: 'ses-M00',
    diagnosis: 'AD',
    age: null,
    sex: null,
    mmse: null,
    cdr: null,
    path: path.join(folder, 'images', `${name}.nii`),
    line: 2,
  }));
  const { grid } = readVolume(session.path);

  it('loads images of one grid, however they are stored', () => {
    expect([...loadVolume(session, grid).data]).toEqual([1, 5, 3, 7, 2, 6, 4, 8]);
    expect([...loadVolume(ras, grid).data]).toEqual([2, 6, 4, 8, 1, 5, 3, 7]);
  });

  it('refuses an image of another grid, naming it and both grids', () => {
    expect(() => loadVolume(moved, grid)).toThrow(
      /moved\.nii \(sub-1 ses-M00\): lies on another grid: .*94.*90/,
    );
    const finer = { ...grid, shape: [4, 4, 4] as const };
    expect(() => loadVolume(session, finer)).toThrow(
      /2 x 2 x 2 voxels .*, where 4 x 4 x 4 voxels .* are wanted/,
    );
  });
});

describe('sessions', () => {
  it('have one key for one month', () => {
    for (const name of ['ses-M00', 'ses-M000', 'M0', 'bl', 'ses-BL', 'baseline'])
      expect(sessionKey(name)).toBe('M0');
    expect(sessionKey('ses-M012')).toBe('M12');
    expect(sessionKey('ses-d0129')).toBe('D129');
    expect(sessionKey('ses-01')).toBe('ses-01');
  });

  it('are ordered by month, then by number', () => {
    const order = ['ses-BL', 'ses-M6', 'ses-M012', 'M24', 'ses-M100', 'ses-2', 'ses-10', 'ses-followup'];
    for (let turn = 0; turn < order.length; turn++) {
      const shuffled = [...order.slice(turn), ...order.slice(0, turn)].reverse();
      expect(shuffled.sort(compareSessionIds)).toEqual(order);
    }
  });

  it('give the first of each participant', () => {
    const sessions = ['b M6', 'a M12', 'b M0', 'a M006', 'c M24'].map((text, i) => {
      const [participantId, sessionId] = text.split(' ');
      return {
        participantId,
        sessionId,
        diagnosis: 'AD',
        age: null,
        sex: null,
        mmse: null,
        cdr: null,
        path: '',
        line: i + 2,
      };
    });
    expect(firstSessions(sessions).map((s) => `${s.participantId} ${s.sessionId}`)).toEqual([
      'a M006',
      'b M0',
      'c M24',
    ]);
  });
});

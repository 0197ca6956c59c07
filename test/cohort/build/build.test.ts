import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCohort } from '../../../cohort/build/index.ts';
import { findImages } from '../../../cohort/build/source.ts';
import { chooseVariant } from '../../../cohort/build/variants.ts';
import { optionsOf as options, place } from './places.ts';

const tree = (name: string, files: Record<string, string[]>) => place(files, { name });

function capsMap(
  participant: string,
  session: string,
  more: { dartel?: string; modulated?: string; fwhm?: number } = {},
) {
  const { dartel, modulated = 'off', fwhm } = more;
  const place = dartel ? `dartel/group-${dartel}` : 'segmentation/normalized_space';
  const smooth = fwhm === undefined ? '' : `_fwhm-${fwhm}mm`;
  const name = `${participant}_${session}_T1w_segm-graymatter_space-Ixi549Space_modulated-${modulated}${smooth}_probability.nii.gz`;
  return `subjects/${participant}/${session}/t1/spm/${place}/${name}`;
}

const caps = tree('caps', {
  [capsMap('sub-1', 'ses-M000')]: [],
  [capsMap('sub-1', 'ses-M006')]: [],
  [capsMap('sub-2', 'ses-M000')]: [],
  [capsMap('sub-3', 'ses-M000')]: [],
  [capsMap('sub-3', 'ses-M012')]: [],
  [capsMap('sub-4', 'ses-M000')]: [],
  [capsMap('sub-5', 'ses-M000')]: [],
  [capsMap('sub-1', 'ses-M000', { dartel: 'A', modulated: 'on' })]: [],
  [capsMap('sub-1', 'ses-M000', { dartel: 'A', modulated: 'on', fwhm: 8 })]: [],
  [capsMap('sub-2', 'ses-M000', { dartel: 'A', modulated: 'on' })]: [],
});
const bids = tree('bids', {
  'participants.tsv': [
    'participant_id|sex|diagnosis_sc',
    'sub-1|F|CN',
    'sub-2|male|AD',
    'sub-3|M|CN',
    'sub-4|F|MCI',
  ],
  'sub-1/sub-1_sessions.tsv': [
    'session_id|age|diagnosis|MMS|cdr_global',
    'ses-M00|70,5|CN|29|0',
    'ses-M06|71|CN|-1|n/a',
  ],
  'sub-2/sub-2_sessions.tsv': ['session_id|age|diagnosis', 'ses-M00|80|Dementia', 'ses-M06|80.5|AD'],
  'sub-3/sub-3_sessions.tsv': ['session_id|age|diagnosis', 'ses-M00|65|CN', 'ses-M12|66|MCI'],
});

describe('buildCohort', () => {
  it('joins the maps of Clinica with its tables, and says why others are left out', () => {
    const { kind, variant, sessions, excluded } = buildCohort(options(caps, { tables: bids }));
    expect(kind).toBe('CAPS');
    expect(variant).toEqual(['segmentation', 'space-Ixi549Space', 'modulated-off', 'unsmoothed']);
    expect(sessions).toEqual([
      {
        participantId: 'sub-1',
        sessionId: 'ses-M000',
        diagnosis: 'CN',
        age: 70.5,
        sex: 'F',
        mmse: 29,
        cdr: 0,
        path: path.join(caps, capsMap('sub-1', 'ses-M000')),
      },
      {
        participantId: 'sub-1',
        sessionId: 'ses-M006',
        diagnosis: 'CN',
        age: 71,
        sex: 'F',
        mmse: null,
        cdr: null,
        path: path.join(caps, capsMap('sub-1', 'ses-M006')),
      },
      {
        participantId: 'sub-2',
        sessionId: 'ses-M000',
        diagnosis: 'AD',
        age: 80,
        sex: 'M',
        mmse: null,
        cdr: null,
        path: path.join(caps, capsMap('sub-2', 'ses-M000')),
      },
    ]);
    const change = 'diagnosis changes: CN at ses-M00, MCI at ses-M12';
    expect(
      excluded.map(({ participantId, sessionId, reason }) => `${participantId} ${sessionId}: ${reason}`),
    ).toEqual([
      'sub-2 ses-M06: no image',
      `sub-3 ses-M000: ${change}`,
      `sub-3 ses-M012: ${change}`,
      'sub-4 ses-M000: diagnosis MCI is not under study',
      'sub-5 ses-M000: participant not in the tables',
    ]);
  });

  it('keeps a participant up to a change, takes names for others, leaves out what is listed', () => {
    const kept = buildCohort(options(caps, { tables: bids, unstable: 'truncate' }));
    expect(kept.sessions.map((s) => `${s.participantId} ${s.sessionId}`)).toContain('sub-3 ses-M000');
    expect(kept.sessions.map((s) => `${s.participantId} ${s.sessionId}`)).not.toContain('sub-3 ses-M012');
    const mapped = buildCohort(options(caps, { tables: bids, mapping: new Map([['MCI', 'AD']]) }));
    expect(mapped.sessions.find((s) => s.participantId === 'sub-4')?.diagnosis).toBe('AD');
    const exclude = path.join(
      tree('lists', { 'out.tsv': ['participant_id|session_id', 'sub-1|ses-M6'] }),
      'out.tsv',
    );
    const without = buildCohort(options(caps, { tables: bids, exclude }));
    expect(without.sessions.map((s) => s.sessionId)).toEqual(['ses-M000', 'ses-M000']);
    expect(without.excluded[0].reason).toBe(`listed in ${exclude}`);
  });

  it('takes one merged table, whose baseline age it advances', () => {
    const merged = path.join(
      tree('merged', {
        'merged.tsv': [
          'participant_id|session_id|DX|AGE_bl|Gender',
          'sub-1|bl|NL|70|Female',
          'sub-1|m06|NL|70|F',
          'sub-2|bl|AD|80|M',
        ],
      }),
      'merged.tsv',
    );
    const { sessions } = buildCohort(options(caps, { tables: merged }));
    expect(sessions.map(({ diagnosis, age, sex }) => [diagnosis, age, sex])).toEqual([
      ['CN', 70, 'F'],
      ['CN', 70.5, 'F'],
      ['AD', 80, 'M'],
    ]);
  });

  it('takes BIDS derivatives, and their participants.tsv where there are no sessions', () => {
    const derivatives = tree('fmriprep', {
      'participants.tsv': ['participant_id|age|sex|group', 'sub-a|71|F|control', 'sub-b|89+|M|AD'],
      'sub-a/anat/sub-a_space-MNI152NLin2009cAsym_label-GM_probseg.nii.gz': [],
      'sub-a/anat/sub-a_space-MNI152NLin2009cAsym_label-WM_probseg.nii.gz': [],
      'sub-a/anat/sub-a_label-GM_probseg.nii.gz': [],
      'sub-b/anat/sub-b_space-MNI152NLin2009cAsym_label-GM_probseg.nii.gz': [],
    });
    expect(() => buildCohort(options(derivatives))).toThrow(
      /several kinds of maps.*\n {2}native: 1 sessions\n {2}space-MNI152NLin2009cAsym: 2/,
    );
    const { sessions } = buildCohort(options(derivatives, { variant: ['space-MNI152NLin2009cAsym'] }));
    expect(sessions.map(({ sessionId, diagnosis, age }) => [sessionId, diagnosis, age])).toEqual([
      ['ses-M000', 'CN', 71],
      ['ses-M000', 'AD', 89],
    ]);
  });

  it('takes a table of images, with its own spellings', () => {
    const place = tree('plain', {
      'images.tsv': [
        'participant_id|session_id|diagnosis|sex|path',
        '1|bl|Dementia|male|a.nii',
        '2|bl|Normal|f|b.nii',
        '3|bl|AD|f|gone.nii',
      ],
      'a.nii': [],
      'b.nii': [],
    });
    const { kind, sessions, excluded } = buildCohort(options(path.join(place, 'images.tsv')));
    expect(kind).toBe('table');
    expect(sessions.map(({ diagnosis, sex }) => [diagnosis, sex])).toEqual([
      ['AD', 'M'],
      ['CN', 'F'],
    ]);
    expect(excluded[0].reason).toMatch(/image .*gone\.nii does not exist/);
  });

  it.each([
    ['no tables', caps, {}, /holds no participants\.tsv.*--tables/],
    ['no such place', '/nowhere', {}, /does not exist.*CAPS/],
    [
      'neither kind',
      bids.replace('bids', 'lists'),
      {},
      /no gray-matter map\. Looked for:\n {2}CAPS(.|\n)*BIDS(.|\n)*no NIfTI image at all/,
    ],
    [
      'a label that no map has',
      caps,
      { tables: bids, variant: ['fwhm-4mm'] },
      /no image that is fwhm-4mm.*Choose from .*dartel/,
    ],
    [
      'labels that exclude each other',
      caps,
      { tables: bids, variant: ['segmentation', 'modulated-on'] },
      /has no map that is segmentation, modulated-on/,
    ],
    [
      'only modulated maps',
      caps,
      { tables: bids, variant: ['dartel'] },
      /has no map that is dartel, modulated-off, unsmoothed, only:\n {2}dartel, group-A, .*modulated-on/,
    ],
    [
      'a class without sessions',
      caps,
      { tables: bids, classes: ['CN', 'FTD'] },
      /leaves no session of FTD:\n/,
    ],
  ])('refuses %s', (_, source, more, message) => {
    expect(() => buildCohort(options(source, more))).toThrow(message);
  });

  it('tells all impossible values at once', () => {
    const bad = tree('bad', {
      'merged.tsv': [
        'participant_id|session_id|diagnosis|age|sex|mmse|cdr',
        'sub-1|bl|CN|170|F|29|0',
        'sub-2|bl|AD|70|2|31|0.7',
        'sub 3|bl|AD|old|F|30|3',
      ],
    });
    const build = () => buildCohort(options(caps, { tables: path.join(bad, 'merged.tsv') }));
    for (const fault of [
      /has 6 faults/,
      /line 2: age "170"/,
      /line 3: sex "2"/,
      /line 3: MMSE "31"/,
      /line 3: CDR "0.7"/,
      /line 4: age "old"/,
      /line 4: the identifier "sub 3" has a space in it/,
    ])
      expect(build).toThrow(fault);
  });

  it('refuses tables that list a session twice under two spellings', () => {
    const twice = path.join(
      tree('twice', { 't.tsv': ['participant_id|session_id|diagnosis', 'sub-1|bl|CN', 'sub-1|ses-M000|AD'] }),
      't.tsv',
    );
    expect(() => buildCohort(options(caps, { tables: twice }))).toThrow(
      /t\.tsv, line 3: repeats sub-1 ses-M000 of .*t\.tsv, line 2/,
    );
  });

  it('refuses a participant who is listed twice, and a row per visit that does not say which', () => {
    const twice = tree('people', {
      'participants.tsv': ['participant_id|group', 'sub-1|CN', 'sub-2|AD', 'sub-1|AD'],
      'visits.tsv': ['participant_id|visit|diagnosis', 'sub-1|bl|CN', 'sub-1|m06|AD'],
    });
    const build = (tables: string) => () => buildCohort(options(caps, { tables }));
    expect(build(twice)).toThrow(/participants\.tsv, line 4: repeats sub-1 of .*participants\.tsv, line 2/);
    expect(build(path.join(twice, 'visits.tsv'))).toThrow(
      /line 3: repeats sub-1 .*need the column session_id/,
    );
  });

  it('refuses two columns of one meaning that letter case tells apart', () => {
    const place = tree('case', { 't.tsv': ['participant_id|session_id|Sex|sex|group', 'sub-1|bl|F|M|CN'] });
    expect(() => buildCohort(options(caps, { tables: path.join(place, 't.tsv') }))).toThrow(
      /t\.tsv, line 1: has the columns Sex and sex/,
    );
  });

  it('names both spellings where images and tables have nobody in common', () => {
    const place = tree('bare', { 't.tsv': ['participant_id|session_id|group', '1|bl|CN', '2|bl|AD'] });
    expect(() => buildCohort(options(caps, { tables: path.join(place, 't.tsv') }))).toThrow(
      /7 images are not in the tables: the images are of sub-1 ses-M000, .*; the tables list 1 bl, 2 bl without/,
    );
  });

  it('leaves out whom a list names, a row without a session meaning all, and refuses a list of others', () => {
    const lists = tree('exclusions', {
      'people.tsv': ['participant_id|group', 'sub-1|CN', 'sub-2|AD', 'sub-3|CN'],
      'some.tsv': ['participant_id|session_id', 'sub-3|n/a', 'sub-1|ses-M06', 'sub-9|bl'],
      'others.tsv': ['participant_id', '1'],
    });
    const tables = path.join(lists, 'people.tsv');
    const without = (list: string) =>
      buildCohort(options(caps, { tables, exclude: path.join(lists, list) })).sessions.map(
        ({ participantId, sessionId }) => `${participantId} ${sessionId}`,
      );
    expect(buildCohort(options(caps, { tables })).sessions).toHaveLength(5);
    expect(without('some.tsv')).toEqual(['sub-1 ses-M000', 'sub-2 ses-M000']);
    const { notes } = buildCohort(options(caps, { tables, exclude: path.join(lists, 'some.tsv') }));
    expect(notes).toContainEqual(
      expect.stringMatching(/some\.tsv names 1 without an image, which leaves nobody out: sub-9 bl\.$/),
    );
    expect(() => without('others.tsv')).toThrow(
      /others\.tsv: names no session that has an image, such as sub-1 /,
    );
  });
});

describe('chooseVariant', () => {
  it('takes modulated and smoothed maps only when they are asked for', () => {
    const { candidates } = findImages(caps);
    const smooth = chooseVariant(caps, candidates, ['modulated-on', 'fwhm-8mm']);
    expect(smooth.images).toHaveLength(1);
    expect(smooth.variant).toContain('group-A');
    expect(chooseVariant(caps, candidates, ['modulated-on']).images).toHaveLength(2);
  });

  it('refuses two images of one session, and takes the run that is asked for', () => {
    const [one] = findImages(caps).candidates;
    const runs = ['run-1', 'run-2'].map((run) => ({ ...one, scan: [run], path: `/${run}` }));
    expect(() => chooseVariant('x', runs, [])).toThrow(
      /several images for 1 session:\n {2}sub-1 ses-M000: run-1; run-2/,
    );
    expect(chooseVariant('x', runs, ['run-2']).images[0].path).toBe('/run-2');
  });
});

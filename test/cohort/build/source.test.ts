import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCohort } from '../../../cohort/build/index.ts';
import { findImages } from '../../../cohort/build/source.ts';
import { optionsOf, place } from './places.ts';

const gm = (name: string) => `${name}_space-MNI_label-GM_probseg.nii.gz`;
const people = ['participant_id|diagnosis', 'sub-1|CN', 'sub-2|AD'];
const found = (folder: string, pattern: string | null = null) =>
  findImages(folder, pattern).candidates.map(({ participantId, sessionId, variant }) =>
    [participantId, sessionId, ...variant].join(' '),
  );

describe('findImages', () => {
  it('takes the averaged map beside sessions for the first of them, and says so', () => {
    const folder = place({
      'participants.tsv': people,
      [`sub-1/anat/${gm('sub-1')}`]: [],
      'sub-1/ses-d0010/func/x.json': [],
      'sub-1/ses-d0002/func/x.json': [],
      [`sub-2/ses-1/anat/${gm('sub-2_ses-1')}`]: [],
      [`sub-2/anat/${gm('sub-2')}`]: [],
    });
    const { sessions, excluded, notes } = buildCohort(optionsOf(folder));
    expect(
      sessions.map((one) => `${one.participantId} ${one.sessionId} ${path.relative(folder, one.path)}`),
    ).toEqual([
      `sub-1 ses-d0002 sub-1/anat/${gm('sub-1')}`,
      `sub-2 ses-1 sub-2/ses-1/anat/${gm('sub-2_ses-1')}`,
    ]);
    expect(excluded).toEqual([{ participantId: 'sub-1', sessionId: 'ses-d0010', reason: 'no image' }]);
    expect(notes.join('\n')).toMatch(
      /taken for the first session of 1 participant \(as sub-1\)(.|\n)*left aside.*sub-2/,
    );
  });

  it('passes hidden files over, as macOS leaves them', () => {
    const folder = place({ [`sub-1/anat/${gm('sub-1')}`]: [], [`sub-1/anat/._${gm('sub-1')}`]: [] });
    expect(found(folder)).toEqual(['sub-1 ses-M000 space-MNI']);
  });

  it('finds the maps of CAT12 and SPM, with participants from names, from folders, or from the image', () => {
    const cat = place({
      'sub-1/ses-M00/anat/mri/mwp1sub-1_ses-M00_T1w.nii': [],
      'sub-1/ses-M00/anat/mri/wp1sub-1_ses-M00_T1w.nii': [],
      'sub-1/ses-M00/anat/mri/wp2sub-1_ses-M00_T1w.nii': [],
      'sub-2/ses-M12/T1/s6mwp1scan.nii.gz': [],
    });
    expect(found(cat)).toEqual([
      'sub-1 ses-M00 cat12 modulated-on unsmoothed',
      'sub-1 ses-M00 cat12 modulated-off unsmoothed',
      'sub-2 ses-M12 cat12 modulated-on fwhm-6mm',
    ]);
    expect(
      found(place({ 'c1OAS1_0001.nii': [], 'c2OAS1_0001.nii': [], 'deep/wc1OAS1_0001.nii': [] })),
    ).toEqual([
      'OAS1_0001 ses-M000 spm native unsmoothed',
      'OAS1_0001 ses-M000 spm modulated-off unsmoothed',
    ]);
  });

  it('finds images of a flat folder by a pattern', () => {
    const flat = place({
      '002_S_0295_M00_gm.nii.gz': [],
      '002_S_0295_M00_wm.nii.gz': [],
      '7_M12_gm.nii.gz': [],
    });
    expect(found(flat, '{participant}_{session}_gm.nii.gz')).toEqual(['002_S_0295 M00', '7 M12']);
    expect(found(place({ 'a/x.nii': [], 'b/y/z.nii': [] }), '{participant}/*.nii')).toEqual(['a ses-M000']);
    expect(() => findImages(flat, 'gm.nii')).toThrow(/--pattern gm\.nii: does not name the participant once/);
  });

  it('says what was looked for and what is there instead', () => {
    const folder = place({ 'sub-1/anat/sub-1_T1w.nii.gz': [], README: [] });
    expect(() => findImages(folder)).toThrow(
      /CAPS(.|\n)*BIDS derivatives(.|\n)*CAT12(.|\n)*1 other images, as:\n *sub-1\/anat\/sub-1_T1w\.nii\.gz/,
    );
    expect(() => findImages(folder, '{participant}.img')).toThrow(
      /Looked for:\n {2}--pattern \{participant\}\.img\n/,
    );
  });
});

describe('buildCohort', () => {
  const images = { [`sub-1/anat/${gm('sub-1')}`]: [], [`sub-2/anat/${gm('sub-2')}`]: [] };
  const withTable = (...lines: string[]) => {
    const folder = place({ ...images, 't.tsv': lines });
    return optionsOf(folder, { tables: path.join(folder, 't.tsv') });
  };

  it('refuses a diagnosis of unknown meaning with its count and the --map to give, which then decides', () => {
    const options = withTable('participant_id|diagnosis', 'sub-1|CN', 'sub-2|Questionable', 'sub-3|Whatever');
    expect(() => buildCohort(options)).toThrow(
      /unknown meaning:\n {2}"Questionable" in 1 row\n.*--map "Questionable=CN" takes it for CN, --map "Questionable=Questionable" leaves/,
    );
    const mapped = buildCohort({ ...options, mapping: new Map([['questionable', 'AD']]) });
    expect(mapped.sessions.map(({ diagnosis }) => diagnosis)).toEqual(['CN', 'AD']);
    expect(mapped.excluded).toEqual([{ participantId: 'sub-3', sessionId: 'n/a', reason: 'no image' }]);
  });

  it('refuses a --map that no table has', () => {
    const options = withTable('participant_id|diagnosis', 'sub-1|CN', 'sub-2|AD');
    expect(() => buildCohort({ ...options, mapping: new Map([['Dementai', 'AD']]) })).toThrow(
      /has no diagnosis "Dementai", which --map names.*The diagnoses are: "AD", "CN"/,
    );
  });

  it('names the columns of diagnoses that it looked for', () => {
    expect(() => buildCohort(withTable('participant_id|sex', 'sub-1|F'))).toThrow(
      /no column of diagnoses: none is named diagnosis, dx, .*the columns are: participant_id, sex/,
    );
  });

  it('reads identifiers in any letter case, and takes another sex for unknown with a note', () => {
    const { sessions, notes } = buildCohort(
      withTable('Participant_ID|Diagnosis|Sex|AGE', 'sub-1|CN|O|NA', 'sub-2|AD|F|70'),
    );
    expect(sessions.map(({ sex, age }) => [sex, age])).toEqual([
      [null, null],
      ['F', 70],
    ]);
    expect(notes).toContain('Sex is neither F nor M in 1 row (sub-1): taken as not known.');
  });

  it('advances a baseline age by days, and says where a session names no time', () => {
    const folder = place({
      [`sub-1/ses-d1461/anat/${gm('sub-1')}`]: [],
      [`sub-2/ses-2/anat/${gm('sub-2')}`]: [],
      't.tsv': ['participant_id|session_id|dx|age_bl', 'sub-1|d1461|CN|70', 'sub-2|ses-2|AD|70'],
    });
    const { sessions, notes } = buildCohort(optionsOf(folder, { tables: path.join(folder, 't.tsv') }));
    expect(sessions.map(({ age }) => age)).toEqual([74, 70]);
    expect(notes.join()).toMatch(/age at baseline is taken as it is in 1 row \(sub-2 ses-2\)/);
  });

  it.each(['-', 'NA', '-4', '.'])('fills a gap "%s" between equal diagnoses, and says so', (gap) => {
    const visits = ['sub-1|CN|CN|CN', `sub-2|AD|${gap}|AD`].flatMap((line) => {
      const [who, ...words] = line.split('|');
      return words.map((word, i) => [who, `ses-M${12 * i}`, word] as const);
    });
    const folder = place({
      ...Object.fromEntries(
        visits.map(([who, session]) => [`${who}/${session}/anat/${gm(`${who}_${session}`)}`, []]),
      ),
      't.tsv': ['participant_id|session_id|diagnosis', ...visits.map((visit) => visit.join('|'))],
    });
    const { sessions, notes } = buildCohort(optionsOf(folder, { tables: path.join(folder, 't.tsv') }));
    expect(sessions.map(({ diagnosis }) => diagnosis)).toEqual(['CN', 'CN', 'CN', 'AD', 'AD', 'AD']);
    expect(notes).toContain(
      'The diagnosis is missing in 1 row (sub-2 ses-M12): taken from the sessions before and after, which agree.',
    );
  });

  it('says whose age and sex are not known, and how many images name no session', () => {
    const { notes } = buildCohort(
      withTable('participant_id|diagnosis|sex|age', 'sub-1|CN|F|n/a', 'sub-2|AD|M|70'),
    );
    expect(notes).toEqual([
      '2 images name no session: taken as ses-M000, the baseline.',
      'Age is not known for 1 of 2 sessions (sub-1 ses-M000).',
    ]);
    const flat = place({ 'a_gm.nii': [], 'wc1b.nii': [] });
    for (const pattern of ['{participant}_gm.nii', null])
      expect(findImages(flat, pattern).notes).toEqual([
        '1 image names no session: taken as ses-M000, the baseline.',
      ]);
  });

  it('takes the averaged map for the only session, without a note', () => {
    const folder = place({ [`sub-1/anat/${gm('sub-1')}`]: [], 'sub-1/ses-1/func/x.json': [] });
    const { candidates, notes } = findImages(folder);
    expect([candidates.map(({ sessionId }) => sessionId), notes]).toEqual([['ses-1'], []]);
  });

  it('names a row that repeats a session in a table of images, and a path of which nothing is there', () => {
    const build = (...lines: string[]) => {
      const folder = place({ 'a.nii': [], 't.tsv': ['participant_id|session_id|diagnosis|path', ...lines] });
      return () => buildCohort(optionsOf(path.join(folder, 't.tsv')));
    };
    expect(build('1|ses-M00|CN|a.nii', '1|bl|CN|a.nii')).toThrow(
      /t\.tsv, line 3: repeats 1 bl of line 2 \(.*Keep one row per session/,
    );
    expect(build('1|bl|CN|C:\\data\\a.nii', '2|bl|AD|C:\\data\\b.nii')).toThrow(
      /2 sessions: image does not exist\n.*Check the paths, such as that of 1 bl: image .*C:\\data\\a\.nii does not exist/,
    );
  });

  it('shows names of both sides where sessions do not match', () => {
    const folder = place({
      [`sub-1/ses-1/anat/${gm('sub-1')}`]: [],
      [`sub-2/ses-M00/anat/${gm('sub-2')}`]: [],
      [`sub-3/ses-M00/anat/${gm('sub-3')}`]: [],
      't.tsv': ['participant_id|session_id|dx', 'sub-1|ses-M00|CN', 'sub-2|ses-M00|AD', 'sub-3|bl|CN'],
    });
    const { notes } = buildCohort(optionsOf(folder, { tables: path.join(folder, 't.tsv') }));
    expect(notes).toContain(
      '1 image is not in the tables: the images are of sub-1 ses-1; the tables list sub-1 ses-M00 without an image.',
    );
  });

  it('lists sessions that have another kind of map alone', () => {
    const folder = place({
      ...images,
      'sub-3/anat/sub-3_label-GM_probseg.nii.gz': [],
      'participants.tsv': [...people, 'sub-3|AD'],
    });
    const { excluded } = buildCohort(optionsOf(folder, { variant: ['space-MNI'] }));
    expect(excluded).toEqual([
      { participantId: 'sub-3', sessionId: 'ses-M000', reason: 'no map that is space-MNI' },
    ]);
  });
});

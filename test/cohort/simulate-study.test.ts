import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { buildCohort } from '../../cohort/build/index.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { checkDefaults, checkImages } from '../../cohort/quality/check.ts';
import { reasonText } from '../../cohort/quality/reasons.ts';
import { defaultRegions, type SimulateOptions, simulateCohort } from '../../cohort/simulate/index.ts';
import { planCohort } from '../../cohort/simulate/plan.ts';
import { stream } from '../../cohort/simulate/random.ts';
import { dealVisits } from '../../cohort/simulate/visits.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-study-'));
afterAll(() => rmSync(folder, { recursive: true }));

const plain: SimulateOptions = { participantsPerClass: 3, strength: 0.3, resolution: 6, seed: 5 };
const make = (name: string, more: Partial<SimulateOptions> = {}) =>
  simulateCohort(path.join(folder, name), { ...plain, ...more });
const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
const regions = [
  ...defaultRegions,
  'Insula_L',
  'Insula_R',
  'Rectus_L',
  'Rectus_R',
  'Cuneus_L',
  'Cuneus_R',
  'Angular_L',
  'Angular_R',
  'Heschl_L',
  'Heschl_R',
  'Lingual_L',
  'Lingual_R',
];
const plan = (more: Partial<SimulateOptions>) => planCohort({ ...plain, ...more }, regions, defaultRegions);

describe('planCohort', () => {
  it('moves nothing that was not asked for: each option leaves the others as they were', () => {
    const base = plan({});
    const extras: Partial<SimulateOptions>[] = [
      { sessions: 3 },
      { covariates: true },
      { failures: { lowMaximum: 1, eyes: 1 } },
      { subtypes: 2 },
      { labelNoise: 0.5 },
    ];
    for (const more of extras) {
      const other = plan(more);
      other.participants.forEach((participant, i) => {
        const { losses, ...rest } = participant;
        const { losses: before, ...plainRest } = base.participants[i];
        expect(rest).toEqual(plainRest);
        for (const [name, loss] of before) expect(losses.get(name)).toBe(loss);
      });
    }
    expect(plan({ failures: { lowMaximum: 1, eyes: 1 }, subtypes: 2 }).visits.map((v) => v.failure)).toEqual(
      plan({ failures: { lowMaximum: 1, eyes: 1 } }).visits.map((v) => v.failure),
    );
  });

  it('moves nothing of a session either, whatever else is asked for', () => {
    const all = {
      covariates: true,
      failures: { lowMaximum: 2, eyes: 2 },
      subtypes: 2,
      labelNoise: 0.4,
    } as const;
    const full = plan({ sessions: 3, ...all }).visits;
    fc.assert(
      fc.property(fc.subarray(Object.keys(all) as (keyof typeof all)[]), (names) => {
        const some = plan({ sessions: 3, ...Object.fromEntries(names.map((name) => [name, all[name]])) });
        some.visits.forEach((visit, i) => {
          const other = full[i];
          expect(visit.appearance.warp).toEqual(other.appearance.warp);
          for (const name of defaultRegions) {
            expect(visit.appearance.losses.get(name)).toBe(other.appearance.losses.get(name));
          }
          if (names.includes('covariates')) {
            expect([visit.mmse, visit.cdr]).toEqual([other.mmse, other.cdr]);
            expect(visit.appearance.globalFactor).toBe(other.appearance.globalFactor);
          }
          if (names.includes('failures')) expect(visit.failure).toBe(other.failure);
          if (names.includes('subtypes')) expect(visit.subtype).toBe(other.subtype);
          if (names.includes('labelNoise')) expect(visit.label).toBe(other.label);
        });
      }),
      { numRuns: 16 },
    );
    const scores = (more: Partial<SimulateOptions>) =>
      plan({ participantsPerClass: 20, covariates: true, ...more })
        .visits.filter(({ month }) => month === 0)
        .map(({ mmse, cdr }) => [mmse, cdr]);
    for (const more of [{ sessions: 2 }, { strength: 0 }, { strength: 0.6 }]) {
      expect(scores(more)).toEqual(scores({}));
    }
  });

  it('plants no signal without strength, however long the follow-up', () => {
    const { visits } = plan({ strength: 0, sessions: 4, progression: 0.1, subtypes: 2 });
    const losses = visits.flatMap(({ appearance }) => [...appearance.losses.values()]);
    expect(losses.length).toBeGreaterThan(0);
    expect(Math.max(...losses)).toBe(0);
  });

  it('lets atrophy progress in AD and nowhere else, by the months of the visits', () => {
    const { visits } = plan({ sessions: 3, interval: 12, progression: 0.05 });
    expect(visits).toHaveLength(18);
    for (let i = 0; i < visits.length; i += 3) {
      const [first, second, third] = visits.slice(i, i + 3);
      expect([first, second, third].map(({ sessionId }) => sessionId)).toEqual([
        'ses-M000',
        'ses-M012',
        'ses-M024',
      ]);
      expect(third.age - first.age).toBeCloseTo(2, 9);
      if (first.participant.diagnosis === 'CN') expect(third.appearance.losses.size).toBe(0);
      for (const [name, loss] of first.appearance.losses) {
        const [later, last] = [second, third].map(({ appearance }) => appearance.losses.get(name)!);
        expect(later).toBeGreaterThan(loss);
        expect(last - later).toBeCloseTo(later - loss, 9);
      }
    }
  });

  it('deals exactly the sessions that were asked for, one at least to everybody', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 1, max: 13, noNaN: true }),
        fc.nat(),
        (count, mean, seed) => {
          const total = Math.floor(count * mean);
          const visits = dealVisits(count, total, stream(seed));
          expect(visits.reduce((sum, number) => sum + number, 0)).toBe(total);
          expect(Math.min(...visits)).toBeGreaterThanOrEqual(1);
          expect(Math.max(...visits)).toBeLessThanOrEqual(13);
        },
      ),
    );
    const counts = { CN: { participants: 7, sessions: 20 }, AD: { participants: 4, sessions: 9 } };
    const { participants, visits } = plan({ counts });
    expect(participants).toHaveLength(11);
    expect(visits.filter(({ label }) => label === 'CN')).toHaveLength(20);
    expect(visits.filter(({ label }) => label === 'AD')).toHaveLength(9);
  });

  it('turns round exactly the labels that were asked for, of whole participants', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 99 }), (labelNoise, seed) => {
        const { visits } = plan({ participantsPerClass: 8, sessions: 2, labelNoise, seed });
        const wrong = visits.filter(({ label, participant }) => label !== participant.diagnosis);
        expect(wrong).toHaveLength(2 * Math.round(16 * labelNoise));
        expect(new Set(wrong.map(({ participant }) => participant.id)).size).toBe(wrong.length / 2);
      }),
      { numRuns: 30 },
    );
  });

  it('gives each subtype regions of its own, each AD participant one subtype for all sessions', () => {
    const { subtypes, visits } = plan({ participantsPerClass: 12, sessions: 2, subtypes: 2 });
    const [one, other] = subtypes;
    expect(one.length).toBeGreaterThanOrEqual(4);
    expect([...one, ...defaultRegions].filter((name) => other.includes(name))).toEqual([]);
    const of = (id: string) => new Set(visits.filter((v) => v.participant.id === id).map((v) => v.subtype));
    for (const { participant, subtype, appearance } of visits) {
      expect(of(participant.id).size).toBe(1);
      if (participant.diagnosis === 'CN') expect(subtype).toBeNull();
      else for (const name of subtypes[subtype!]) expect(appearance.losses.get(name)).toBeGreaterThan(0);
    }
    expect(new Set(visits.map(({ subtype }) => subtype)).size).toBe(3);
  });

  it('knows the same subtypes at every site', () => {
    const aibl = { site: { prefix: 'AIBL', gamma: 1, smoothing: 0, warp: 1 } };
    expect(plan({ subtypes: 2, ...aibl }).subtypes).toEqual(plan({ subtypes: 2 }).subtypes);
    expect(plan({ subtypes: 2, seed: 6 }).subtypes).not.toEqual(plan({ subtypes: 2 }).subtypes);
    expect(() => plan({ subtypes: 3 })).toThrow(/subtypes: are 3, of 3 structures each.* has 6/);
  });

  it('lets scores fall and the rating rise with the years of a disease', () => {
    const { visits } = plan({ participantsPerClass: 60, sessions: 2, interval: 36, covariates: true });
    const mean = (label: string, month: number, of: 'mmse' | 'cdr') => {
      const values = visits.filter((v) => v.label === label && v.month === month).map((v) => v[of]!);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(mean('AD', 0, 'mmse') - mean('AD', 36, 'mmse')).toBeGreaterThan(3);
    expect(mean('AD', 36, 'cdr')).toBeGreaterThan(mean('AD', 0, 'cdr'));
    expect(Math.abs(mean('CN', 0, 'mmse') - mean('CN', 36, 'mmse'))).toBeLessThan(0.5);
  });

  it('makes other people of another prefix, and tells scores about as they are in patients', () => {
    const [here, there] = [plan({}), plan({ site: { prefix: 'AIBL', gamma: 1, smoothing: 0, warp: 1 } })];
    expect(there.participants[0].id).toBe('sub-AIBLCN001');
    expect(there.participants.map(({ age }) => age)).not.toEqual(here.participants.map(({ age }) => age));
    const { visits } = plan({ participantsPerClass: 100, covariates: true });
    const mean = (label: string) => {
      const scores = visits.filter((v) => v.label === label).map((v) => v.mmse!);
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    };
    expect(Math.abs(mean('CN') - 29)).toBeLessThan(0.5);
    expect(Math.abs(mean('AD') - 23.2)).toBeLessThan(1);
    for (const { mmse, cdr, label } of visits) {
      expect(mmse! >= 0 && mmse! <= 30).toBe(true);
      expect(label === 'CN' ? [0] : [0.5, 1, 2, 3]).toContain(cdr);
    }
  });
});

describe('simulateCohort', () => {
  it('writes a CAPS tree that a cohort is built from, with the variants of Clinica', () => {
    const made = make('caps', { layout: 'caps', variants: true, sessions: 2, covariates: true });
    const at = (...names: string[]) => path.join(folder, 'caps', ...names);
    const spm = at('caps/subjects/sub-CN001/ses-M006/t1/spm');
    const name = (more: string) =>
      `sub-CN001_ses-M006_T1w_segm-graymatter_space-Ixi549Space_${more}_probability.nii.gz`;
    expect(readdirSync(path.join(spm, 'segmentation/normalized_space'))).toEqual([name('modulated-off')]);
    expect(readdirSync(path.join(spm, 'dartel/group-Simulated'))).toEqual(
      ['modulated-off', 'modulated-on_fwhm-8mm', 'modulated-on'].map(name),
    );
    const options = { classes: ['CN', 'AD'], mapping: new Map(), unstable: 'drop', exclude: null } as const;
    const sources = { source: at('caps'), tables: at('bids') };
    const built = buildCohort({ ...options, ...sources, variant: ['segmentation'] });
    const direct = readCohort(made.cohort, ['CN', 'AD']).sessions;
    expect(
      built.sessions.map((s) => [s.participantId, s.sessionId, s.diagnosis, s.sex, s.mmse, s.cdr, s.path]),
    ).toEqual(
      [...direct]
        .sort((a, b) => (a.path < b.path ? -1 : 1))
        .map((s) => [s.participantId, s.sessionId, s.diagnosis, s.sex, s.mmse, s.cdr, s.path]),
    );
    expect(() => buildCohort({ ...options, ...sources, variant: [] })).toThrow(/several kinds of maps/);
    expect(
      buildCohort({ ...options, ...sources, variant: ['modulated-on', 'fwhm-8mm'] }).sessions,
    ).toHaveLength(12);
    const modulated = readVolume(path.join(spm, 'dartel/group-Simulated', name('modulated-on'))).data;
    expect(Math.max(...modulated)).toBeGreaterThan(1);
  });

  it('plants failures that the quality check finds, and tells each session', async () => {
    const made = make('failing', { participantsPerClass: 20, failures: { lowMaximum: 2, eyes: 1 } });
    const { sessions } = json(made.truth);
    const wanted = new Map<string, string>(
      sessions.map((s: { participantId: string; failure: string }) => [s.participantId, s.failure]),
    );
    expect([...wanted.values()].filter((failure) => failure !== null).sort()).toEqual([
      'eyes',
      'low maximum',
      'low maximum',
    ]);
    const { images } = await checkImages(readCohort(made.cohort, ['CN', 'AD']).sessions, checkDefaults);
    for (const { session, verdict, reasons } of images) {
      const failure = wanted.get(session.participantId);
      expect(verdict === 'rejected').toBe(failure === 'low maximum');
      if (failure === 'eyes')
        expect(reasons.map(reasonText).join()).toContain('gray matter where others have none');
    }
  });

  it('makes a site of its own: other contrast, same extremes; atrophy on the side that was asked for', () => {
    const site = { prefix: '', gamma: 2, smoothing: 0, warp: 1 };
    const [here, there] = [make('here', { side: 'left' }), make('there', { side: 'left', site })];
    expect(here.plantedRegions).toEqual(['Hippocampus_L', 'Amygdala_L', 'ParaHippocampal_L']);
    const image = (cohort: string) => readVolume(readCohort(cohort, ['CN', 'AD']).sessions[0].path).data;
    const [a, b] = [image(here.cohort), image(there.cohort)];
    let differ = 0;
    a.forEach((value, i) => {
      expect(Math.abs(b[i] - value ** 2)).toBeLessThan(0.01);
      if (Math.abs(b[i] - value) > 0.1) differ++;
    });
    expect(differ).toBeGreaterThan(100);
  });

  it('writes no CAPS tree where another study may lie', () => {
    for (const tree of ['caps', 'bids']) {
      const place = path.join(folder, `real-${tree}`);
      mkdirSync(path.join(place, tree), { recursive: true });
      writeFileSync(path.join(place, tree, 'participants.tsv'), 'real');
      for (const overwrite of [false, true]) {
        expect(() => make(`real-${tree}`, { layout: 'caps', overwrite })).toThrow(
          /exists already, and no simulated cohort wrote it|is in the way/,
        );
      }
      expect(readdirSync(place, { recursive: true })).toEqual([tree, path.join(tree, 'participants.tsv')]);
      expect(readFileSync(path.join(place, tree, 'participants.tsv'), 'utf8')).toBe('real');
    }
  });

  it('leaves no participant of an earlier CAPS tree when it is overwritten', () => {
    const again = (more: Partial<SimulateOptions>) => make('again', { overwrite: true, ...more });
    const subjects = path.join(folder, 'again/caps/subjects');
    again({ layout: 'caps' });
    mkdirSync(path.join(subjects, 'sub-guest'));
    rmSync(path.join(folder, 'again/cohort.tsv')); // as a run that ended early leaves it
    expect(() => again({ layout: 'caps', overwrite: false })).toThrow(
      /caps: exists already\. Choose another folder, or ask to overwrite it/,
    );
    again({ layout: 'caps', participantsPerClass: 1 });
    expect(readdirSync(subjects).sort()).toEqual(['sub-AD001', 'sub-CN001', 'sub-guest']);
    expect(readdirSync(path.join(folder, 'again/bids')).sort()).toEqual([
      'participants.tsv',
      'sub-AD001',
      'sub-CN001',
    ]);
    again({});
    expect(readdirSync(subjects)).toEqual(['sub-guest']);
    expect(existsSync(path.join(folder, 'again/bids'))).toBe(false);
  });

  it('keeps the numbers of a plain cohort as every version has drawn them', () => {
    const { truth } = make('pinned', { seed: 1 });
    const digest = createHash('sha256').update(readFileSync(truth)).digest('hex');
    expect(digest).toBe('cbe9c623cc1b18020dd90a8ac46daabddf0d74e0ed83bb376d51362b83b1e3e8');
  });

  it('tells of sessions only where a study was asked for', () => {
    expect(json(make('bare').truth).sessions).toBeUndefined();
    expect(existsSync(path.join(folder, 'bare', 'bids'))).toBe(false);
    const { options, sessions } = json(make('followed', { sessions: 2 }).truth);
    expect(options.sessions).toBe(2);
    expect(sessions).toHaveLength(12);
  });

  it.each<[Partial<SimulateOptions>, RegExp]>([
    [{ sessions: 0 }, /sessions: is 0/],
    [{ interval: 0.5, sessions: 2 }, /interval: is 0.5/],
    [{ labelNoise: 1.2 }, /label noise: is 1.2/],
    [{ subtypes: -1 }, /subtypes: is -1/],
    [
      { counts: { CN: { participants: 2, sessions: 1 }, AD: { participants: 1, sessions: 1 } } },
      /sessions of CN: are 1 for 2/,
    ],
    [{ site: { prefix: 'a_b', gamma: 1, smoothing: 0, warp: 1 } }, /prefix: is "a_b"/],
    [{ site: { prefix: '', gamma: 0, smoothing: 0, warp: 1 } }, /gamma of the site: is 0/],
    [{ sessions: 50, interval: 12 }, /sessions: make a follow-up of 588 months/],
    [{ failures: { lowMaximum: 3, eyes: 4 } }, /failures: are 7 among 6 sessions/],
    [{ regions: ['Insula_R'], side: 'left' }, /regions: none is on the left side/],
  ])('refuses %o', (more, message) => {
    expect(() => make('bad', more)).toThrow(message);
  });
});

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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { OutputFolder } from '../../cohort/output/folder.ts';
import { readTable } from '../../cohort/table.ts';
import { collectPrinted, printed } from './printed.ts';
import { type ReportStudy, reportStudy } from './report-study.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-report-'));
let study: ReportStudy;

collectPrinted();
beforeAll(async () => {
  study = await reportStudy(path.join(folder, 'study'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]) => path.join(study.folder, ...names);
const read = (file: string) => readFileSync(file, 'utf8');

describe('a half-finished study', () => {
  beforeAll(async () => {
    expect(await main(['report', study.folder])).toBe(0);
  });

  it('shows what is there, beside the page as numbers and pictures too', () => {
    const numbers = JSON.parse(read(at('report_files', 'numbers.json')));
    expect(numbers.trainings).toHaveLength(2);
    expect(numbers.accuracies.filter(({ group }: { group: string }) => group === 'test')).toMatchObject([
      {
        fold: 0,
        run: 0,
        balancedAccuracy: 0.8,
        interval: [0.7, 0.95],
        confusion: {
          counts: [
            [15, 5],
            [4, 16],
          ],
        },
      },
      { fold: 1, balancedAccuracy: 0.9 },
    ]);
    // from the trainings themselves, for "evaluate" did not judge the validation set
    expect(numbers.accuracies[0]).toMatchObject({
      group: 'validation',
      balancedAccuracy: 0.6,
      auc: 0.75,
      confusion: {
        counts: [
          [0, 2],
          [0, 2],
        ],
      },
    });
    expect(numbers.masks.map(({ kind, fold }: { kind: string; fold: number }) => [kind, fold])).toEqual([
      ['group', 0],
      ['group', 1],
      ['session', 0],
      ['session', 0],
    ]);
    expect(numbers.planted).toEqual(study.planted);
    expect(readTable(at('report_files', 'splits.tsv')).rows).toHaveLength(6);
    expect(
      readTable(at('report_files', 'table-1.tsv')).rows.map(({ label, participants }) => [
        label,
        participants,
      ]),
    ).toEqual([
      ['CN', '3'],
      ['AD', '3'],
    ]);
    expect(readTable(at('report_files', 'roi-similarity_folds.tsv')).rows[0]).toEqual({
      mask: 'fold 0',
      'fold 0': '1',
      'fold 1 (veil, not converged)': '0.5',
    });
    const pictures = readdirSync(at('report_files')).filter((name) => name.endsWith('.png'));
    expect(pictures).toEqual(
      expect.arrayContaining([
        ...['answer.png', 'contact-sheet_toy.png', 'curves_fold-0-run-0.png', 'glass-brain.png'],
        ...[
          'group-masks_training.png',
          'session-masks.png',
          'regions_fold-1-run-0.png',
          'roi-similarity_folds.png',
        ],
      ]),
    );
  });

  it('says on top and beside the numbers which networks are at chance and which masks are not done', () => {
    const { warnings, masks, trainings, summaries } = JSON.parse(read(at('report_files', 'numbers.json')));
    const undone = warnings
      .filter(({ topic }: { topic?: string }) => topic === 'undone')
      .map(({ text }: { text: string }) => text);
    expect(undone).toEqual([
      'Not shown to be above chance on the validation set: fold 0, run 0; fold 1, run 0. Masks of such networks may say nothing about the classes.',
      'Trainings that ended at their last epoch with the validation loss still falling: fold 0, run 0; fold 1, run 0.',
      '1 of 4 masks have not converged, so they may be more diffuse than they would become: fold 1, run 0.',
      '1 of 4 masks are veils, which touch more than half of the voxels where they may hide, so their regions say little: fold 1, run 0.',
      'Similarities (folds): 1 of 1 pairs have a mask that is empty, a veil or not converged.',
    ]);
    expect(masks.map(({ state }: { state: string }) => state)).toEqual([
      'convergence unknown',
      'veil, not converged',
      'convergence unknown',
      'convergence unknown',
    ]);
    expect(masks[1].lastFall).toBe(0.3);
    expect(trainings[0].state).toBe('not above chance, loss still falling');
    expect(summaries.map(({ doubtfulPairs }: { doubtfulPairs: number | null }) => doubtfulPairs)).toEqual(
      expect.arrayContaining([1, null]),
    );
    const page = read(at('report.html'));
    expect(page).toContain('fold 0, run 0 (not above chance, loss still falling)');
    expect(page).toMatch(/0\.60 \(not above chance\)/);
    expect(page).not.toMatch(/0\.80 \[0\.70, 0\.95\] \(not above/);
    for (const text of undone) expect(page).toContain(text);
  });

  it('marks what is missing and what failed', () => {
    const page = read(at('report.html'));
    const progress = /<section id="progress".*?<\/section>/s.exec(page)?.[0] ?? '';
    expect(progress).toContain('2 of 5 steps are done');
    expect(progress).toMatch(/failed<\/strong>: unit train\/fold-2/);
    expect(progress).toContain('cannot be read');
    expect(progress.replace(/<\/?span>/g, '')).toContain('voxmask grid --model');
    expect(page).toContain('The voxels are coarse (6.0 mm');
    expect(page).toContain('Computed on a software adapter');
    expect(page).toMatch(
      /results of an earlier or unfinished run of steps that are not done: compare\/folds\./,
    );
  });

  it('answers from the numbers', () => {
    const { findings } = JSON.parse(read(at('report_files', 'numbers.json')));
    const answer = (word: string) =>
      findings.find(({ question }: { question: string }) => question.includes(word)).answer;
    expect(answer('tell the classes')).toMatch(/^Balanced accuracy 0\.85 on the test set/);
    expect(answer('Which regions')).toContain('of 6 regions with planted atrophy, 2 are among the 6 densest');
    expect(answer('retrained')).toMatch(/less alike than .* 0\.50 \(1 pairs\) against 0\.90/);
  });
});

/** Every text file of a report, without what is packed. */
function texts(page: string): string[] {
  const files = `${page.replace('.html', '_files')}`;
  const entries = readdirSync(files, { recursive: true, withFileTypes: true });
  const beside = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.png'));
  const contents = beside.map(({ parentPath, name }) => read(path.join(parentPath, name)));
  return [read(page), ...contents, entries.map(({ name }) => name).join('\n')];
}

describe('--anonymous', () => {
  it('leaves no participant, path or host in the page or beside it', async () => {
    const earlier = at('report-anonymous_files', `${study.participants[0]}.tsv`);
    // of an earlier report that was killed on its way
    const output = OutputFolder.open(path.dirname(earlier), { by: 'report', overwrite: false });
    writeFileAtomic(earlier, study.participants[0]);
    output.close();
    expect(await main(['report', study.folder, '--anonymous', '--json'])).toBe(0);
    expect(JSON.parse(printed.out).units).toEqual({ done: 2, failed: 1, missing: 2 });
    expect(existsSync(earlier)).toBe(false);
    const open = texts(at('report.html')).join('\n');
    const all = texts(at('report-anonymous.html')).join('\n');
    const told = [
      ...study.participants,
      ...study.participants.map((id) => id.replace('sub-', '')),
      folder,
      tmpdir(),
      process.cwd(),
    ];
    // the search would find them
    expect(told.filter((text) => open.includes(text)).length).toBeGreaterThan(2);
    expect(told.filter((text) => all.includes(text))).toEqual([]);
    expect(all).not.toMatch(/\/(tmp|home|root|work|Users)\//);
    expect(all.replace(/<\/?span>/g, '')).toContain('voxmask train … --split … --fold 2 --out …');
    expect(all).toMatch(/P\d+ visit 1/);
  });

  it('draws the contact sheet anew', () => {
    const open = readFileSync(at('report_files', 'contact-sheet_toy.png'));
    expect(readFileSync(at('report-anonymous_files', 'contact-sheet_cohort-1.png')).equals(open)).toBe(false);
  });
});

it('goes on without images or an atlas, and says so', async () => {
  rmSync(at('cohort-toy', 'simulated'), { recursive: true });
  expect(await main(['report', study.folder, '--out', path.join(folder, 'bare.html')])).toBe(0);
  const page = read(path.join(folder, 'bare.html'));
  expect(page).toContain('masks without a brain behind them');
  expect(page).toContain('cannot be read');
});

it.each([
  ['a folder that is not there', () => [path.join(folder, 'none')], /does not exist/],
  [
    'a folder without results',
    () => [path.dirname(at('study.json')).concat('/split/none')],
    /does not exist/,
  ],
  [
    'a file that is no report',
    () => [study.folder, '--out', at('foreign.html')],
    /foreign\.html: is in the way/,
  ],
  ['a name that is no page', () => [study.folder, '--out', at('x.pdf')], /does not end in \.html/],
  ['a damaged study', () => [path.join(folder, 'damaged')], /study\.json: is no study's \(units/],
])('refuses %s', async (_, words, fault) => {
  writeFileSync(at('foreign.html'), '<p>mine</p>');
  const damaged = path.join(folder, 'damaged');
  mkdirSync(damaged, { recursive: true });
  mkdirSync(at('masks', 'group', 'toy', 'split-0', 'run-0', 'empty'), { recursive: true });
  writeFileSync(path.join(damaged, 'study.json'), '{"name": "x"}');
  expect(await main(['report', ...words()])).toBe(1);
  expect(printed.err).toMatch(fault);
  expect(read(at('foreign.html'))).toBe('<p>mine</p>');
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openFolder } from '../../cli/jobs/report/context.ts';
import { addDisagreements } from '../../cli/jobs/report/disagreements.ts';
import { readMasks } from '../../cli/jobs/report/masks.ts';
import { methodsText } from '../../cli/jobs/report/methods/index.ts';
import { readUnits } from '../../cli/jobs/report/units.ts';
import { formatTable } from '../../cohort/table.ts';

const base = mkdtempSync(path.join(tmpdir(), 'voxmask-methods-'));
afterAll(() => rmSync(base, { recursive: true }));

type Row = Record<string, string | number>;
let count = 0;

/** A folder of results in the making: records alone, without images. */
function folderOf(write: (draft: Draft) => void): string {
  const root = path.join(base, String(count++));
  write(new Draft(root));
  return root;
}

class Draft {
  readonly root: string;
  private minutes = 0;

  constructor(root: string) {
    this.root = root;
  }

  file(name: string, content: string): void {
    const file = path.join(this.root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  table(name: string, rows: readonly Row[]): void {
    this.file(name, formatTable(Object.keys(rows[0]), rows));
  }

  record(name: string, command: string, options: object, more: { results?: object; version?: string } = {}) {
    const { results = {}, version = '1.0.0' } = more;
    this.file(
      name,
      JSON.stringify({
        ...{ command, options, results, argv: [...command.split(' '), name], adapter: null },
        versions: { voxmask: version, node: '20.0.0' },
        startedAt: new Date(6e4 * this.minutes++).toISOString(),
      }),
    );
  }

  /** A check of four sessions, of which the first is rejected. */
  check(): void {
    this.cohort('all.tsv', sessions);
    this.table(
      'check/check.tsv',
      sessions.map((row, i) => ({
        ...row,
        verdict: i === 0 ? 'rejected' : 'accepted',
        path: `../${row.path}`,
      })),
    );
    this.record('check/check.json', 'cohort check', { cohort: 'all.tsv', minimum: 0.95 });
  }

  cohort(name: string, rows: readonly Row[]): void {
    this.table(name, rows);
    for (const { path: file } of rows) this.file(String(file), '');
  }

  training(
    name: string,
    rows: readonly Row[],
    { rate = 0.001, version = '1.0.0', ...options }: Training = {},
  ) {
    this.table(
      `${name}/split.tsv`,
      rows.map(({ path: _, ...row }, i) => ({ ...row, set: i % 2 === 0 ? 'train' : 'validation' })),
    );
    this.file(`${name}/model.safetensors`, name);
    this.record(
      `${name}/train.json`,
      'train',
      {
        ...{ cohort: 'all.tsv', split: null, folds: 5, splitSeed: 2 },
        network: { classes: ['CN', 'AD'], channels: [4, 8], subBlocks: [1, 1], dropout: 0.5 },
        training: {
          epochs: 3,
          batchSize: 8,
          learningRate: rate,
          weightDecay: 1e-4,
          patience: 5,
          sampling: 'all',
        },
        ...options,
      },
      { version },
    );
  }
}

interface Training {
  readonly rate?: number;
  readonly version?: string;
  readonly cohort?: string;
  readonly split?: string;
}

const sessions = ['a', 'b', 'c', 'd'].map((id, i) => ({
  ...{ participant_id: `sub-${id}`, session_id: 'ses-M000', diagnosis: i % 2 === 0 ? 'CN' : 'AD' },
  path: `images/${id}.nii`,
}));

function methodsOf(root: string): string {
  const context = openFolder(root, null);
  const of = { masks: readMasks(context), grid: null, demographics: null, quality: [] };
  return methodsText(context, of).join('\n');
}

function warningsOf(root: string): string[] {
  const context = openFolder(root, null);
  addDisagreements(context, readMasks(context));
  return context.warnings.map(({ level, text }) => `${level}: ${text}`);
}

describe('methods', () => {
  it('says that rejected images were left out only where the trainings did so', () => {
    const root = folderOf((draft) => {
      draft.check();
      draft.training('train/split-0/run-0', sessions.slice(1));
    });
    expect(methodsOf(root)).toContain('rejected 1, and no network was trained or validated on it. '.trim());
    expect(warningsOf(root)).toEqual([]);
  });

  it('says that a rejected image is among those of the trainings', () => {
    const root = folderOf((draft) => {
      draft.check();
      draft.training('train/split-0/run-0', sessions.slice(1));
      draft.training('train/split-1/run-0', sessions);
    });
    expect(methodsOf(root)).toContain('of which 1 is among the images that networks were trained');
    expect(warningsOf(root)).toEqual([
      expect.stringMatching(/^warning: The quality check rejected 1 of the images .*: sub-a ses-M000\./),
    ]);
  });

  it('tells an image of another cohort with the same names from the rejected one', () => {
    const root = folderOf((draft) => {
      draft.check();
      const others = sessions.map((row) => ({ ...row, path: `other/${row.path}` }));
      draft.cohort('other.tsv', others);
      draft.training('train/split-0/run-0', others, { cohort: 'other.tsv' });
    });
    expect(methodsOf(root)).toContain('no network was trained or validated on it');
    expect(warningsOf(root)).toEqual([]);
  });

  it('says nothing about use where a training does not record its images', () => {
    const root = folderOf((draft) => {
      draft.check();
      draft.training('train/split-0/run-0', sessions.slice(1));
      rmSync(path.join(draft.root, 'train/split-0/run-0/split.tsv'));
    });
    expect(methodsOf(root)).toContain('the records do not say whether networks were trained on them');
  });

  it('counts the images of the trainings, not those of the tables', () => {
    const root = folderOf((draft) => {
      draft.cohort('all.tsv', sessions);
      draft.training('train/split-0/run-0', sessions.slice(1));
    });
    expect(methodsOf(root)).toContain(
      'trained and validated on 2 AD participants (2 sessions) and 1 CN participant (1 session)',
    );
  });

  it('names the trainings that an option holds for where they differ', () => {
    const root = folderOf((draft) => {
      draft.cohort('all.tsv', sessions);
      draft.training('train/split-0/run-0', sessions);
      draft.training('train/split-1/run-0', sessions, { rate: 0.01 });
    });
    expect(methodsOf(root)).toContain('learning rate 0.001 (fold 0, run 0) or 0.01 (fold 1, run 0)');
    expect(methodsOf(root)).toContain('dropout 0.5;');
  });

  it('describes folds by the trainings, not by folds that they did not use', () => {
    const kfold = { cohort: 'all.tsv', folds: 7, seed: 9, method: 'balanced' };
    const root = folderOf((draft) => {
      draft.cohort('all.tsv', sessions);
      draft.file('folds/fold-0.tsv', '');
      draft.record('folds/folds.json', 'split kfold', kfold);
      draft.training('train/split-0/run-0', sessions);
      draft.training('train/split-1/run-0', sessions, { split: 'folds' });
    });
    const text = methodsOf(root);
    expect(text).toContain('divided into 5 folds for fold 0, run 0');
    expect(text).toContain('divided into 7 folds for fold 1, run 0');
    expect(warningsOf(root)).toEqual([
      'warning: These networks were not trained on the folds that "split kfold" drew here: fold 0, run 0.',
    ]);
  });

  it('warns of test participants who were trained on, and does not call the set untouched', () => {
    const root = folderOf((draft) => {
      draft.cohort('all.tsv', sessions);
      draft.table('test/test.tsv', sessions.slice(0, 2));
      draft.record('test/split.json', 'split test', { perClass: 1, threshold: 0.8 });
      draft.training('train/split-0/run-0', sessions.slice(1));
    });
    expect(methodsOf(root)).not.toContain('no network was trained or validated on it');
    expect(warningsOf(root)).toEqual([
      expect.stringContaining('1 participants of the test set are among those'),
    ]);
  });

  it('names the atlas, and warns of two', () => {
    const mask = (image: string) => ({ model: 'none', atlas: { image, labels: 'aal2.tsv' }, measure: 'sum' });
    const root = folderOf((draft) => {
      draft.record('masks/a/mask.json', 'mask group', mask('somewhere/aal2.nii.gz'));
      draft.record('masks/b/mask.json', 'mask group', mask('elsewhere/aal2.nii.gz'));
    });
    expect(methodsOf(root)).toContain(
      'Regions are those of the atlas aal2.nii.gz. Regions are described by the sum',
    );
    expect(warningsOf(root)).toEqual([]);
    const two = folderOf((draft) => {
      draft.record('masks/a/mask.json', 'mask group', mask('aal2.nii.gz'));
      draft.record('masks/b/mask.json', 'mask group', mask('lpba40.nii.gz'));
    });
    expect(warningsOf(two)).toEqual([expect.stringContaining('measured in 2 atlases')]);
  });

  it('warns of masks whose network is another one, or has changed', () => {
    const root = folderOf((draft) => {
      draft.cohort('all.tsv', sessions);
      draft.training('train/split-0/run-0', sessions);
      draft.file('other/model.safetensors', 'another');
      draft.record('masks/a/mask.json', 'mask group', { model: 'other' });
      draft.record(
        'masks/split-0/mask.json',
        'mask group',
        { model: 'train/split-0/run-0' },
        {
          results: { identity: { model: 'the digest of an earlier file' } },
        },
      );
    });
    expect(warningsOf(root)).toEqual([
      expect.stringMatching(/networks whose training is not in this report: group mask\.$/),
      expect.stringMatching(/network has changed since these masks were made: fold 0, run 0\./),
    ]);
  });

  it('warns of several versions and of several tables, and lists all versions', () => {
    const root = folderOf((draft) => {
      draft.cohort('all.tsv', sessions);
      draft.cohort('fewer.tsv', sessions.slice(1));
      draft.training('train/split-0/run-0', sessions);
      draft.training('train/split-1/run-0', sessions.slice(1), { cohort: 'fewer.tsv', version: '1.1.0' });
    });
    expect(methodsOf(root)).toContain('voxmask 1.0.0 (Node.js 20.0.0), voxmask 1.1.0 (Node.js 20.0.0)');
    expect(warningsOf(root)).toEqual([
      expect.stringContaining('trained on 2 tables of a cohort'),
      'warning: Made by several versions of voxmask: 1.0.0; 1.1.0.',
    ]);
  });

  it('does not speak of what no run did', () => {
    const root = folderOf((draft) => draft.record('check/check.json', 'cohort check', { minimum: 0.9 }));
    expect(methodsOf(root)).toBe('Computed with voxmask 1.0.0 (Node.js 20.0.0).');
  });
});

it('lists commands in the order of running', () => {
  const root = folderOf((draft) => {
    draft.record('z/check.json', 'cohort check', {});
    draft.record('m/train.json', 'train', {});
    draft.record('a/mask.json', 'mask group', {});
  });
  expect(readUnits(openFolder(root, null)).map(({ id }) => id)).toEqual(['z', 'm', 'a']);
});

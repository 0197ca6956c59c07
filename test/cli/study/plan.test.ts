import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readStudy } from '../../../cli/study/config.ts';
import { cohortSize, loadsOf } from '../../../cli/study/loads.ts';
import { commandLine, planOf } from '../../../cli/study/plan.ts';
import { unitsOf } from '../../../cli/study/units.ts';

function studyFile(text: string): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'voxmask-study-')), 'study.yaml');
  writeFileSync(file, text);
  return file;
}

const small = `
name: small
cohorts:
  train: { name: one, simulate: { participants: 20, layout: caps } }
  independent: { name: two, source: caps-two, tables: bids-two }
split: { test: { size: 5 }, folds: { folds: 3 } }
runs: 2
train: { channels: [8, 16], sub-blocks: [1, 1], epochs: 3 }
masks: { group: { steps: 10 }, session: false }
grid: false
`;

describe('a study file', () => {
  it('becomes units in order, each with the folders that it reads behind it', () => {
    const planned = planOf(unitsOf(readStudy(studyFile(small))));
    const ids = planned.map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining(['train/fold-0', 'evaluate/test', 'compare/folds', 'compare/runs']),
    );
    expect(ids.filter((id) => id.startsWith('train/'))).toHaveLength(3);
    expect(ids.filter((id) => id.startsWith('mask/one'))).toEqual([
      'mask/one-0-0',
      'mask/one-0-1',
      'mask/one-1-0',
      'mask/one-2-0',
    ]);
    expect(ids.some((id) => id.includes('session') || id === 'grid')).toBe(false);
    for (const { needs, wave } of planned)
      for (const need of needs) expect(planned.find(({ id }) => id === need)!.wave).toBeLessThan(wave);
  });

  it('hands options to the commands by their names', () => {
    const planned = planOf(unitsOf(readStudy(studyFile(small))));
    const command = (id: string) => planned.find((unit) => unit.id === id)!.command;
    expect(command('train/fold-0')).toBe(
      'voxmask train split/test/train-validation.tsv --split split/folds --fold 0 --runs 2 --epochs 3 --channels 8,16 --sub-blocks 1,1 --out train',
    );
    expect(command('mask/two-1-0')).toContain('--independent');
    expect(command('cohort-two/build')).toMatch(/cohort build \S+caps-two --tables \S+bids-two/);
    expect(commandLine(['a b', "it's"])).toBe("voxmask 'a b' 'it'\\''s'");
  });

  it('knows before it runs what its trainings compute, and how', () => {
    const text = small.replace('epochs: 3', 'epochs: 3, activations: recomputed');
    const [kept, again] = [small, text].map((file) => {
      const study = readStudy(studyFile(file));
      return loadsOf(study, cohortSize(study, study.cohorts.train, 'not-built')!, null).get('train/fold-0');
    });
    // 2 networks, 3 epochs, two thirds of the 30 participants who are not in the test set
    expect(kept).toEqual({ work: 'training step', batch: 8, images: 2 * 3 * 20 });
    expect(again).toEqual({ ...kept, work: 'training step, recomputed' });
  });

  it('tells all its faults at once, with their lines and the nearest key', () => {
    const wrong = small
      .replace('epochs: 3', 'epoch: 3')
      .replace('runs: 2', 'runs: 0')
      .replace('name: two, ', '');
    const read = () => readStudy(studyFile(wrong));
    expect(read).toThrow(/3 faults/);
    expect(read).toThrow(/line 7, runs/);
    expect(read).toThrow(/line 8, train.epoch: unknown key; did you mean epochs\?/);
    expect(read).toThrow(/line 5, cohorts.independent.name/);
  });

  it('refuses values out of range with the words of the command line, whatever the section', () => {
    const wrong = small
      .replace('epochs: 3', 'epochs: -1')
      .replace('test: { size: 5 }', 'test: { size: 0 }')
      .replace('steps: 10', 'steps: 1.5, area: 2')
      .replace('participants: 20', 'participants: 20, resolution: -8');
    const read = () => readStudy(studyFile(wrong));
    expect(read).toThrow(/5 faults/);
    expect(read).toThrow(/line 8, train\.epochs: --epochs takes a whole number from 1/);
    expect(read).toThrow(/line 6, split\.test\.size: --size takes/);
    expect(read).toThrow(/line 9, masks\.group\.steps: --steps takes a whole number from 1/);
    expect(read).toThrow(/line 9, masks\.group\.area: --area takes a number above 0 and below 1/);
    expect(read).toThrow(/line 4, cohorts\.train\.simulate\.resolution: --resolution takes/);
    for (const [given, fault] of [
      ['channels: [8, -1]', /line 8, train: --channels takes whole numbers from 1, with commas between/],
      ['channels: [8, 16, 32]', /line 8, train: --channels has 3 blocks, --sub-blocks 2/],
      ['classes: CN, channels: [8, 16]', /line 8, train: --classes takes at least two different names/],
    ] as const)
      expect(() => readStudy(studyFile(small.replace('channels: [8, 16]', given)))).toThrow(fault);
    const list = small.replace('channels: [8, 16]', 'channels: "8,,16"');
    expect(() => readStudy(studyFile(list))).toThrow(/line 8, train\.channels: a list has an empty value/);
  });

  it('needs an atlas where the cohort brings none, and one kind of cohort', () => {
    const foreign = small.replace('simulate: { participants: 20, layout: caps }', 'source: caps-one');
    expect(() => unitsOf(readStudy(studyFile(foreign)))).toThrow(/has no atlas/);
    const both = small.replace('name: one,', 'name: one, source: x,');
    expect(() => readStudy(studyFile(both))).toThrow(/either source or simulate/);
  });
});

import { describe, expect, it } from 'vitest';
import { findings } from '../../../report/page/answer.ts';
import type { ReportData } from '../../../report/page/data.ts';
import { robustness, structureCounts } from '../../../report/page/rules.ts';
import { accuracy, mask, nothing, summary } from './toy.ts';

/** The answer to the question that a word of it tells. */
function answer(word: string, data: Partial<ReportData>) {
  const found = findings({ ...nothing, ...data }).find(({ question }) => question.includes(word));
  return found && { known: found.known, text: found.answer };
}

describe('findings', () => {
  it('say of nothing that nothing is known', () => {
    expect(findings(nothing).every(({ known }) => !known)).toBe(true);
  });

  it('judge accuracy on the test set by its intervals', () => {
    const validation = [accuracy('validation', 0, 0.95)];
    const above = [...validation, accuracy('test', 0, 0.8), accuracy('test', 1, 0.9)];
    expect(answer('tell the classes', { accuracies: above })?.text).toMatch(
      /^Balanced accuracy 0\.85 on the test set \(mean of 2 networks.*Every network is better/,
    );
    expect(
      answer('tell the classes', { accuracies: [accuracy('test', 0, 0.55), accuracy('test', 1, 0.9)] })?.text,
    ).toContain('Some of the networks');
    expect(answer('tell the classes', { accuracies: [accuracy('test', 0, 0.55)] })?.text).toContain(
      'not shown',
    );
    expect(answer('tell the classes', { accuracies: validation })?.text).toContain('optimistic');
  });

  it('compare the independent cohort with the test set, within a margin', () => {
    const of = (independent: number) =>
      answer('not seen', { accuracies: [accuracy('test', 0, 0.88), accuracy('independent', 0, independent)] })
        ?.text;
    expect(of(0.86)).toMatch(/^Yes: 0\.86/);
    expect(of(0.8)).toMatch(/^It falls from 0\.88 .* to 0\.80/);
    expect(of(0.95)).toMatch(/^It is higher/);
  });

  it('count structures over masks and sides, and what was planted', () => {
    const masks = [
      mask(0, ['Hippocampus_L', 'Hippocampus_R', 'Amygdala_L', 'A', 'B', 'C']),
      mask(1, ['Hippocampus_R', 'C', 'D', 'E', 'F', 'A']),
    ];
    expect(structureCounts(masks)[0]).toEqual(['Hippocampus', 2]);
    expect(Object.fromEntries(structureCounts(masks))).toMatchObject({ Amygdala: 1, A: 1, C: 1 });
    const told = answer('Which regions', { masks, planted: ['Hippocampus_L', 'Hippocampus_R'] });
    expect(told?.text).toMatch(
      /Hippocampus in 2 of 2 masks.*of 2 regions with planted atrophy, 1 to 2 are among the 2 densest/,
    );
  });

  it('say when masks do not hide the class', () => {
    expect(answer('hide what', { masks: [mask(0, ['A']), mask(1, ['B'], 0.02)] })?.text).toMatch(
      /^Yes: under each of the 2 masks .* 0\.020/,
    );
    expect(answer('hide what', { masks: [mask(0, ['A']), mask(1, ['B'], 0.4)] })?.text).toMatch(
      /^Not all: under 1 of 2 masks/,
    );
  });
});

describe('what retraining does', () => {
  const paper = [
    summary('folds', 0.65, 0.78),
    summary('runs', 0.69, 0.82),
    summary('between participants', 0.8, 0.58),
  ];

  it("comes out of the paper's values as the paper has it", () => {
    expect(robustness(paper)).toMatchObject({ verdict: 'less', probCnn: { verdict: 'more' } });
    expect(answer('retrained', { summaries: paper })?.text).toMatch(
      /less alike than .* 0\.67 \(20 pairs\) against 0\.80/,
    );
    expect(answer('conclude', { summaries: paper })?.text).toMatch(
      /^Which regions a mask shows depends on the training/,
    );
  });

  it('is weighted by pairs', () => {
    const found = robustness([summary('folds', 0.6, null, 30), summary('runs', 0.8, null, 10), paper[2]]);
    expect(found?.retrained).toBeCloseTo(0.65, 10);
    expect(found?.probCnn).toBeNull();
  });

  it.each([
    [0.9, 'Retrained networks come back'],
    [0.79, 'Training the network again changes the regions about as much'],
  ])('of %s against 0.80 reads otherwise', (similarity, text) => {
    const summaries = [summary('folds', similarity, null), paper[2]];
    expect(answer('conclude', { summaries })?.text).toContain(text);
  });

  it('is told apart from regions that hardly change', () => {
    const summaries = [summary('folds', 0.9, null), summary('between participants', 0.99, null)];
    expect(answer('conclude', { summaries })?.text).toMatch(
      /^Retrained networks agree on most of the regions/,
    );
  });

  it('says so where the two measures disagree, where pairs are few, and where data are simulated', () => {
    const summaries = [summary('folds', 0.6, 0.2, 1), paper[2]];
    const text = answer('conclude', { summaries, planted: ['A'] })?.text;
    expect(text).toContain('The two measures do not say the same');
    expect(text).toContain('an indication only');
    expect(text).toContain('simulated data');
  });

  it('concludes nothing about a disease from networks at chance', () => {
    const text = answer('conclude', { summaries: paper, accuracies: [accuracy('test', 0, 0.55)] })?.text;
    expect(text).toMatch(/^Nothing about the disease/);
  });

  it('is not known without masks of sessions', () => {
    expect(answer('retrained', { summaries: paper.slice(0, 2) })).toMatchObject({ known: false });
    expect(answer('conclude', { summaries: paper.slice(0, 2) })).toMatchObject({ known: false });
  });
});

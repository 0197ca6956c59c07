import { expect, it } from 'vitest';
import { compareReports } from '../../bench/compare.ts';
import type { BenchReport } from '../../bench/report.ts';
import type { StepResult } from '../../bench/steps.ts';

function step(batch: number, seconds: number | null): StepResult {
  return {
    work: 'mask step',
    shape: [9, 11, 9],
    batch,
    seconds,
    secondsPerImage: null,
    hostSeconds: null,
    firstSeconds: null,
    peakBytes: null,
    refused: null,
  };
}

function report(steps: StepResult[], theirs: number): BenchReport {
  const limits = { copyBytesPerSecond: 1, flopsPerSecond: 1, halfFlopsPerSecond: null };
  const peers = [{ peer: 'PyTorch', what: 'mask step', shape: '9', batch: 1, seconds: theirs }];
  return { limits, kernels: [], steps, scaling: [], peers };
}

it('pairs what both timed, the largest change first, whichever its direction', () => {
  const before = report([step(1, 2), step(4, 5), step(8, null)], 1);
  const after = report([step(1, 1), step(4, 20), step(8, 9), step(2, 3)], 1.1);
  expect(compareReports(before, after)).toEqual([
    { what: 'mask step, 9 x 11 x 9, batch 4', before: 5, after: 20, ratio: 0.25 },
    { what: 'mask step, 9 x 11 x 9, batch 1', before: 2, after: 1, ratio: 2 },
    { what: 'PyTorch: mask step, 9, batch 1', before: 1, after: 1.1, ratio: 1 / 1.1 },
  ]);
});

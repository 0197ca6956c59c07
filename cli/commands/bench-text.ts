import type { Moved } from '../../bench/compare.ts';
import type { KernelResult } from '../../bench/kernels.ts';
import type { BenchReport } from '../../bench/report.ts';
import type { StepResult } from '../../bench/steps.ts';
import { textTable } from '../../report/text-table.ts';
import { formatBytes } from '../bytes.ts';

/** A bench as tables: the device's limits, kernels, steps, scaling, peers, and what moved since an earlier one. */
export function benchText(report: BenchReport, moved: readonly Moved[] | null): string {
  const { limits, kernels, steps, scaling, peers } = report;
  const parts = [
    textTable(
      ['the device at most', { title: 'per second', digits: 1 }, 'unit'],
      [
        ['copy, read + written', giga(limits.copyBytesPerSecond), 'GB'],
        ['multiply-add, float32', giga(limits.flopsPerSecond), 'GFLOP'],
        ...(limits.halfFlopsPerSecond === null
          ? []
          : [['multiply-add, float16', giga(limits.halfFlopsPerSecond), 'GFLOP']]),
      ],
    ),
  ];
  for (const work of new Set(kernels.map((kernel) => kernel.work)))
    parts.push(
      kernelTable(
        work,
        kernels.filter((kernel) => kernel.work === work),
      ),
    );
  if (steps.length > 0) parts.push(stepTable(steps));
  if (scaling.length > 0) parts.push(stepTable(scaling));
  if (peers.length > 0) parts.push(peerTable(report));
  if (moved) parts.push(movedTable(moved));
  return parts.join('\n\n');
}

function stepTable(steps: readonly StepResult[]): string {
  const table = textTable(
    [
      'step',
      'image',
      'batch',
      { title: 'ms per step', digits: 2 },
      { title: 'ms per image', digits: 2 },
      { title: 'host ms', digits: 2 },
      { title: 's, first time more', digits: 2 },
      'GPU memory at most',
    ],
    steps.map(({ work, shape, batch, seconds, secondsPerImage, hostSeconds, firstSeconds, peakBytes }) => [
      work,
      shape.join(' x '),
      batch,
      milli(seconds),
      milli(secondsPerImage),
      milli(hostSeconds),
      firstSeconds,
      peakBytes === null ? null : formatBytes(peakBytes),
    ]),
  );
  const refused = steps.filter((step) => step.refused !== null);
  return [table, ...refused.map(({ work, batch, refused }) => `${work}, batch ${batch}: ${refused}`)].join(
    '\n',
  );
}

function peerTable({ peers }: BenchReport): string {
  return textTable(
    [
      'beside',
      'what',
      'at',
      'batch',
      { title: 'theirs ms', digits: 2 },
      { title: 'ours ms', digits: 2 },
      { title: 'theirs / ours', digits: 2 },
      'their memory',
      'our memory',
      'note',
    ],
    peers.map(({ peer, what, shape, batch, seconds, ourSeconds, peakBytes, ourPeakBytes, note }) => {
      const mine = ourSeconds ?? null;
      const ratio = seconds === null || mine === null ? null : seconds / mine;
      const memory = [peakBytes, ourPeakBytes].map((bytes) =>
        bytes === undefined ? null : formatBytes(bytes),
      );
      return [peer, what, shape, batch, milli(seconds), milli(mine), ratio, ...memory, note ?? ''];
    }),
  );
}

const milli = (value: number | null) => (value === null ? null : value * 1e3);
const giga = (value: number) => value / 1e9;
const SHOWN = 30; // kernels of a step; the rest is told as a sum

function kernelTable(work: string, own: readonly KernelResult[]): string {
  const [most, rest] = [own.slice(0, SHOWN), own.slice(SHOWN)];
  const share = rest.reduce((sum, kernel) => sum + kernel.share, 0);
  const table = textTable(
    [
      `kernel, ${work}`,
      'at',
      'calls',
      { title: 'ms', digits: 3 },
      { title: '% of step', digits: 1 },
      { title: 'GB/s', digits: 1 },
      { title: 'GFLOP/s', digits: 1 },
      { title: '% of limit', digits: 0 },
      'limit',
    ],
    most.map((one) => [
      one.kernel,
      one.shape,
      one.calls,
      one.seconds * 1e3,
      one.share * 100,
      giga(one.bytesPerSecond),
      giga(one.flopsPerSecond),
      one.limitShare * 100,
      one.boundBy,
    ]),
  );
  return rest.length === 0 ? table : `${table}\n${rest.length} more: ${(share * 100).toFixed(1)} %`;
}

function movedTable(moved: readonly Moved[]): string {
  return textTable(
    [
      'moved',
      { title: 'ms before', digits: 2 },
      { title: 'ms now', digits: 2 },
      { title: 'times faster', digits: 2 },
    ],
    moved.map(({ what, before, after, ratio }) => [what, before * 1e3, after * 1e3, ratio]),
  );
}

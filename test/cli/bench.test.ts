import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-bench-'));
collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

const small = ['--size', '15,17,15', '--channels', '4,8', '--sub-blocks', '1,2', '--quick'];

it('measures limits, kernels, steps and scaling, keeps them, and shows what moved since', async () => {
  const file = path.join(folder, 'first.json');
  const words = ['bench', ...small, '--only', 'limits,kernels,steps,scaling', '--out', file];
  expect(await main([...words, '--quiet'])).toBe(0);
  for (const heading of ['the device at most', 'kernel, mask step', 'kernel, training step', 'ms per image'])
    expect(printed.out).toContain(heading);
  const { report, adapter, options } = JSON.parse(readFileSync(file, 'utf8'));
  expect(adapter.tuning.weightLanes).toBeGreaterThan(0);
  expect(options.architecture.channels).toEqual([4, 8]);
  expect(report.steps.map(({ work, batch }: { work: string; batch: number }) => `${work} ${batch}`)).toEqual([
    'mask step 1',
    'training step 1',
    'training step 2',
    'training step, float16 2',
    'training step, recomputed 2',
    'inference 1',
  ]);
  for (const { seconds, hostSeconds, peakBytes } of report.steps) {
    expect(seconds).toBeGreaterThan(0);
    expect(hostSeconds).toBeGreaterThan(0);
    expect(hostSeconds).toBeLessThanOrEqual(seconds);
    expect(peakBytes).toBeGreaterThan(15 * 17 * 15 * 4);
  }
  expect(report.scaling).toHaveLength(2);

  printed.out = '';
  expect(await main(['bench', ...small, '--only', 'steps', '--compare', file, '--json', '--quiet'])).toBe(0);
  const { moved, report: second } = JSON.parse(printed.out);
  expect(second.kernels).toEqual([]);
  expect(moved.map(({ what }: { what: string }) => what).sort()).toEqual([
    'inference, 15 x 17 x 15, batch 1',
    'mask step, 15 x 17 x 15, batch 1',
    'training step, 15 x 17 x 15, batch 1',
    'training step, 15 x 17 x 15, batch 2',
    'training step, float16, 15 x 17 x 15, batch 2',
    'training step, recomputed, 15 x 17 x 15, batch 2',
  ]);
});

it('says which peer is not there and how to name one', async () => {
  const absent = path.join(folder, 'no-python');
  expect(await main(['bench', ...small, '--only', 'peers', '--python', absent, '--quiet'])).toBe(0);
  expect(printed.out).toContain(`not installed for ${absent}; --python names another`);
  expect(printed.out).toContain('--tfjs names a folder where it is installed');
});

it.each([
  [['--only', 'speed'], 2, 'there are limits, kernels, steps, scaling, peers'],
  [['--size', '15,17'], 2, '--size takes three numbers'],
  [['--channels', '4,x'], 2, '--channels takes whole numbers'],
  [['--compare', 'no-such-file.json'], 1, 'no-such-file.json: does not exist'],
])('refuses %j', async (words, code, fault) => {
  expect(await main(['bench', ...words, '--quiet'])).toBe(code);
  expect(printed.out).toBe('');
  expect(printed.err).toContain(fault);
});

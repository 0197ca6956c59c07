import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { openGpu } from '../../engine/node/open.ts';
import { defaultTuning, tuningCandidates } from '../../engine/tuning.ts';
import { inPlaceOf } from './in-place-of.ts';
import { collectPrinted, printed } from './printed.ts';

const cache = mkdtempSync(path.join(tmpdir(), 'voxmask-tune-'));
const before = process.env.XDG_CACHE_HOME;
const small = ['--size', '7,9,7', '--channels', '4', '--sub-blocks', '1'];
collectPrinted();
beforeAll(() => {
  process.env.XDG_CACHE_HOME = cache;
});
afterAll(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(cache, { recursive: true });
});

it('measures the choices once, and every GPU opened later is tuned by them until they are reset', async () => {
  const words = ['tune', ...small, '--repetitions', '1', '--json', '--quiet'];
  expect(await main(words)).toBe(0);
  const { tuning, trials, file } = JSON.parse(printed.out);
  const opened = await openGpu();
  expect(opened.report.tuned).toBe(true);
  expect(opened.gpu.tuning).toEqual(tuning);
  const { device } = opened.gpu;
  const candidates = tuningCandidates(device, []);
  for (const value of candidates.parallelGroups)
    expect(trials).toContainEqual(expect.objectContaining({ choice: 'parallelGroups', value }));
  for (const { seconds } of trials) expect(seconds).toBeGreaterThan(0);
  opened.gpu.close();

  writeFileSync(file, '{"tuning": {"weightLanes": "many"}}');
  await expect(openGpu()).rejects.toThrow(/is not a tuning of voxmask .* Delete it/);
  writeFileSync(file, JSON.stringify({ tuning }));

  printed.out = '';
  expect(await main(['tune', '--reset', '--quiet'])).toBe(0);
  expect(printed.out).toBe('The tuning is forgotten.\n');
  const reset = await openGpu();
  expect(reset.report.tuned).toBe(false);
  expect(reset.gpu.tuning).toEqual(defaultTuning(reset.gpu.device));
  reset.gpu.close();
  expect(readdirSync(path.join(cache, 'voxmask')).filter((name) => name.startsWith('tuning'))).toEqual([]);
});

it('keeps nothing of what cannot be measured', async () => {
  expect(
    await main(inPlaceOf(['tune', ...small, '--repetitions', '1', '--quiet'], ['--size', '1,1,1'])),
  ).toBe(1);
  expect(printed.err).toMatch(/A training step cannot be run: .*one value per channel/);
});

it.each([
  [['--size', '9,9'], '--size takes three numbers'],
  [['--repetitions', '0'], '--repetitions takes a whole number from 1'],
])('refuses %j', async (words, fault) => {
  expect(await main(['tune', ...words])).toBe(2);
  expect(printed.err).toContain(fault);
});

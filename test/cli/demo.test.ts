import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runDemo } from '../../cli/jobs/demo.ts';
import { main } from '../../cli/run.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { defaultRegions } from '../../cohort/simulate/index.ts';
import { readTable } from '../../cohort/table.ts';
import { openGpu } from '../../engine/node/open.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-demo-'));

collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

it('goes from a cohort to its regions; stopped while masking, it keeps what there is', async () => {
  const directory = path.join(folder, 'demo');
  const opened = await openGpu();
  const controller = new AbortController();
  const seen: string[] = [];
  const result = await runDemo(
    { directory, participantsPerClass: 10, resolution: 6, seed: 1, overwrite: false },
    {
      open: async () => opened,
      signal: controller.signal,
      onSimulated: (done, total) => done === total && seen.push(`simulated ${total}`),
      training: ({ training }) => ({
        onEpoch: ({ epoch }) => {
          if (epoch === training.epochs) seen.push('last epoch');
        },
      }),
      onTrained: () => seen.push('trained'),
      masking: {
        onStep: (steps) => {
          if (steps === 20) controller.abort();
        },
      },
    },
  );
  opened.gpu.close();

  expect(seen).toEqual(['simulated 20', 'last epoch', 'trained']);
  expect(result.cohort.plantedRegions).toEqual(defaultRegions);
  expect(result.training).toMatchObject({ train: { CN: 8, AD: 8 }, validation: { CN: 2, AD: 2 } });
  expect(result.mask).toMatchObject({ className: 'AD', interrupted: true });
  // the steps under way when it was asked to stop are finished, no other is begun
  expect(result.mask.steps).toBeGreaterThanOrEqual(20);
  expect(result.mask.steps).toBeLessThanOrEqual(28);
  const { mask, regions, mosaic } = result.mask.paths;
  expect(readVolume(mask).grid).toEqual(readVolume(path.join(directory, 'atlas.nii.gz')).grid);
  const names = readTable(regions ?? '').rows.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...defaultRegions]));
  expect(existsSync(mosaic)).toBe(true);
  expect(readFileSync(result.report, 'utf8')).toContain('the truth is known');
  const { options, seed, adapter } = JSON.parse(readFileSync(result.sidecar, 'utf8'));
  expect(options).toMatchObject({ participantsPerClass: 10, resolution: 6 });
  expect([seed, adapter]).toEqual([1, opened.report]);

  const before = readFileSync(mask).toString('base64');
  expect(await main(['demo', directory, '--quiet'])).toBe(1);
  expect(printed.err).toMatch(/^voxmask: .*contains cohort\.tsv already.*\n$/);
  expect(readFileSync(mask).toString('base64')).toBe(before);
});

it.each([
  [['--resolution', '5'], 1, /resolution: is 5 mm/],
  [['--participants', '4'], 1, /4 AD participants for 5 folds/],
  [['--participants', 'many'], 2, /--participants takes a number/],
])('refuses %j', async (words, code, fault) => {
  expect(await main(['demo', path.join(folder, words.join('')), '--quiet', ...words])).toBe(code);
  expect(printed.err.split('\n')[0]).toMatch(fault);
  expect(printed.err).not.toContain('    at ');
  expect(printed.out).toBe('');
});

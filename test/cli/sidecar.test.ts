import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSidecar } from '../../cli/sidecar.ts';
import { packageVersion, voxmaskVersion } from '../../cli/versions.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-sidecar-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('reads versions from the packages that are installed', () => {
  const own = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(voxmaskVersion()).toBe(own.version);
  expect(packageVersion('webgpu')).toBe(own.dependencies.webgpu);
  // Its exports hide its package.json.
  expect(packageVersion('fast-png')).toMatch(/^\d+\.\d+\.\d+/);
  expect(packageVersion('no-such-package-here')).toBeNull();
});

it('writes what is needed to repeat a run', () => {
  const file = writeSidecar(folder, 'training', {
    command: 'train',
    options: { epochs: 30, learningRate: 1e-4 },
    seed: 2,
    adapter: { vendor: 'test' },
    startedAt: new Date('2020-01-01T10:00:00Z'),
    finishedAt: new Date('2020-01-01T10:01:20Z'),
    peakBytes: 1024,
  });
  expect(file).toBe(path.join(folder, 'training.json'));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    command: 'train',
    options: { epochs: 30, learningRate: 1e-4 },
    seed: 2,
    argv: process.argv.slice(2),
    versions: { voxmask: voxmaskVersion(), node: process.versions.node, webgpu: packageVersion('webgpu') },
    platform: { os: process.platform, architecture: process.arch },
    adapter: { vendor: 'test' },
    startedAt: '2020-01-01T10:00:00.000Z',
    finishedAt: '2020-01-01T10:01:20.000Z',
    seconds: 80,
    peakBytes: 1024,
  });
});

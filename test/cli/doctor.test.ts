import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureLimits } from '../../bench/limits.ts';
import { type Findings, problemsOf } from '../../cli/jobs/doctor-advice.ts';
import { testGpu } from '../engine/gpu.ts';

const built = path.resolve('dist/cli/main.js');

/** The built program: the doctor starts processes of its own, which need compiled files. */
function doctor(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [built, 'doctor', ...words], (failure, out, err) => {
      resolve({ code: failure ? Number(failure.code) : 0, out, err });
    });
  });
}

describe.skipIf(!existsSync(built))('voxmask doctor', () => {
  it('says which adapter is used and how fast it is', async () => {
    const { code, out, err } = await doctor('--json');
    expect(err).toBe('');
    expect(code).toBe(0);
    const diagnosis = JSON.parse(out);
    expect(diagnosis.adapters.map(({ asked }: { asked: string }) => asked)).toEqual([
      'hardware',
      'software',
      'swiftshader',
    ]);
    const { report, limits, features, measured } = diagnosis.chosen;
    const its = diagnosis.adapters.find(({ asked }: { asked: string }) => asked === report.kind);
    expect(its).toMatchObject({ name: report.name, driver: report.driver, error: null });
    expect(report.why).toBeTruthy();
    expect(limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20);
    expect(limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
    expect(features).toBeInstanceOf(Array);
    expect(measured.copyBytesPerSecond).toBeGreaterThan(1e7);
    expect(measured.flopsPerSecond).toBeGreaterThan(1e8);
    for (const { what, fix } of diagnosis.problems) expect(`${what} ${fix}`).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
  });

  it('fails in one line when an adapter cannot be had, and still shows the others', async () => {
    const { code, out, err } = await doctor('--adapter', 'no such adapter');
    expect(code).toBe(1);
    expect(err).toMatch(/^voxmask: No adapter "no such adapter" was found\..*\n$/);
    expect(out).toMatch(/hardware {2}/);
    expect(out).not.toContain('In use');
  });
});

describe('problemsOf', () => {
  const sound: Findings = {
    platform: 'linux',
    vulkan: {
      loader: '/usr/lib/libvulkan.so.1',
      drivers: ['/usr/share/vulkan/icd.d/radeon_icd.json'],
      renderNodes: [{ path: '/dev/dri/renderD128', accessible: true }],
    },
    nvidia: false,
    hardware: true,
    software: false,
    libraryFault: null,
  };
  const without = (findings: Partial<Findings>, vulkan: Partial<NonNullable<Findings['vulkan']>> = {}) =>
    problemsOf({
      ...sound,
      hardware: false,
      ...findings,
      vulkan: sound.vulkan && { ...sound.vulkan, ...vulkan },
    })
      .map(({ what, fix }) => `${what} ${fix}`)
      .join('\n');

  it('finds none where a GPU can be had', () => {
    expect(problemsOf(sound)).toEqual([]);
    expect(problemsOf({ ...sound, platform: 'darwin', vulkan: null })).toEqual([]);
  });

  it.each([
    ['a missing loader', without({}, { loader: null }), /libvulkan\.so\.1\) is missing.*libvulkan1/],
    ['a missing driver', without({}, { drivers: [] }), /No Vulkan driver is installed.*mesa-vulkan-drivers/],
    ['drivers that are too old', without({}), /radeon_icd\.json.*none gives an adapter.*older than 23/],
    [
      'a locked render node',
      without({ software: true }, { renderNodes: [{ path: '/dev/dri/renderD129', accessible: false }] }),
      /may not open \/dev\/dri\/renderD129.*usermod -aG render/,
    ],
    ['no GPU', without({ software: true }, { renderNodes: [] }), /No GPU is visible.*--device \/dev\/dri/],
    [
      'a GPU that no driver opens',
      without({ software: true }),
      /renderD128\), but no driver opens it.*newer Mesa/,
    ],
    [
      'an NVIDIA GPU without Vulkan',
      without({ nvidia: true, software: true }, { renderNodes: [] }),
      /nvidia_icd\.json.*NVIDIA_DRIVER_CAPABILITIES=all/,
    ],
    [
      "an NVIDIA driver that lacks GLVND's libraries",
      without({ nvidia: true }, { drivers: ['/usr/share/vulkan/icd.d/nvidia_icd.json'], renderNodes: [] }),
      /nvidia_icd\.json.*the driver does not start.*libegl1/s,
    ],
    [
      'a library that does not load',
      without({ libraryFault: 'GLIBCXX_3.4.32 not found' }),
      /GLIBCXX.*npm ci/,
    ],
  ])('explains %s', (_, text, expected) => {
    expect(text).toMatch(expected);
  });

  it('knows other systems', () => {
    const elsewhere = { ...sound, vulkan: null, hardware: false };
    expect(problemsOf({ ...elsewhere, platform: 'win32' })[0].fix).toContain('--adapter Microsoft');
    expect(problemsOf({ ...elsewhere, platform: 'darwin' })[0].fix).toContain('macOS 12');
  });
});

it('measures the device and leaves no memory behind', async () => {
  const gpu = await testGpu();
  const { copyBytesPerSecond, flopsPerSecond } = await measureLimits(gpu);
  expect(copyBytesPerSecond).toBeGreaterThan(1e7);
  expect(Number.isFinite(flopsPerSecond)).toBe(true);
  expect(flopsPerSecond).toBeGreaterThan(1e8);
  expect(gpu.memory().heldBytes).toBe(0);
});

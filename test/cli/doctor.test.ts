import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureLimits } from '../../bench/limits.ts';
import { type Findings, problemsOf } from '../../cli/jobs/doctor-advice.ts';
import { glibcOf, resetDelay, wslOf } from '../../cli/jobs/doctor-machine.ts';
import { plain } from '../../engine/node/adapter-choice.ts';
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
    expect(diagnosis.list.map(({ index }: { index: number }) => index)).toEqual([...diagnosis.list.keys()]);
    expect(diagnosis.list.some(({ name }: { name: string }) => plain(name) === plain(report.name))).toBe(
      true,
    );
    for (const { what, fix } of diagnosis.problems) expect(`${what} ${fix}`).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
  });

  it('fails in one line when an adapter cannot be had, and still shows the others', async () => {
    const { code, out, err } = await doctor('--adapter', 'no such adapter', '--verbose');
    expect(code).toBe(1);
    expect(err).toMatch(/^voxmask: No adapter "no such adapter" was found\..*\n$/);
    expect(out).toMatch(/hardware {2}/);
    expect(out).not.toContain('In use');
    expect(out).toMatch(/\n\nLines of the GPU library, the Vulkan loader and the drivers:\n./);
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
    glibc: '2.36',
    wsl: null,
    resetAfter: null,
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
      /GLIBCXX_3\.4\.32 not found\. Install on .*npm ci.*x64 and arm64 it needs glibc 2\.34 and .*GLIBCXX_3\.4\.30/,
    ],
    [
      'an old glibc',
      without({ libraryFault: "version `GLIBC_2.34' not found", glibc: '2.31' }),
      /not found\. On x64 and arm64 .*this system has glibc 2\.31\.$/,
    ],
    ['musl', without({ libraryFault: 'no such file', glibc: null }), /Alpine/],
    [
      'WSL without a GPU',
      without({ wsl: { gpu: false }, software: true }, { renderNodes: [] }),
      /^This is WSL, and it passes no GPU on \(no \/dev\/dxg\)\. .*wsl --update.*Direct3D 12\.$/,
    ],
    [
      'WSL with a GPU that no driver opens',
      without({ wsl: { gpu: true }, software: true }, { renderNodes: [] }),
      /^This is WSL with a GPU \(\/dev\/dxg\), but no Vulkan driver for it\. .*dzn_icd\.json/,
    ],
    [
      'WSL whose driver gives no adapter',
      without(
        { wsl: { gpu: true }, software: true },
        { drivers: ['/usr/share/vulkan/icd.d/dzn_icd.json'], renderNodes: [] },
      ),
      /dzn\) gives no adapter/,
    ],
  ])('explains %s', (_, text, expected) => {
    expect(text).toMatch(expected);
  });

  it("warns of Windows' time limit where it is short", () => {
    const windows = { ...sound, platform: 'win32', vulkan: null, glibc: null } as const;
    const [{ what, fix }] = problemsOf({ ...windows, resetAfter: 2 });
    expect(what).toContain('more than 2 s');
    expect(fix).toContain('HKLM\\SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers');
    expect(problemsOf({ ...windows, resetAfter: 60 })).toEqual([]);
    expect(problemsOf({ ...windows, resetAfter: null })).toEqual([]);
  });

  it('knows other systems', () => {
    const elsewhere = { ...sound, vulkan: null, hardware: false };
    expect(problemsOf({ ...elsewhere, platform: 'win32' })[0].fix).toContain('--adapter Microsoft');
    expect(problemsOf({ ...elsewhere, platform: 'darwin' })[0].fix).toContain('macOS 12');
  });
});

describe('inspecting a machine', () => {
  const [head, level, delay] = [
    'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers\r\n',
    '    TdrLevel    REG_DWORD    0x0\r\n',
    '    TdrDelay    REG_DWORD    0x3c\r\n',
  ];

  it.each([
    ['', 2],
    [head, 2],
    [head + delay, 60],
    [head + delay + level, null],
  ])('reads the time limit in the registry', (registry, seconds) => {
    expect(resetDelay(registry)).toBe(seconds);
  });

  it('knows WSL by its kernel', () => {
    expect(wslOf('5.15.167.4-microsoft-standard-WSL2', true)).toEqual({ gpu: true });
    expect(wslOf('4.4.0-19041-Microsoft', false)).toEqual({ gpu: false });
    expect(wslOf('6.1.0-28-amd64', false)).toBeNull();
  });

  it('finds the version of glibc', () => {
    expect(glibcOf({ header: { glibcVersionRuntime: '2.36' } })).toBe('2.36');
    expect(glibcOf({ header: {} })).toBeNull();
    expect(glibcOf(undefined)).toBeNull();
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

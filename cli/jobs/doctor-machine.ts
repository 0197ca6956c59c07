import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import type { Findings } from './doctor-advice.ts';

/** What of a machine's system bears on its GPU, found without opening it. */
export async function inspectMachine(): Promise<Pick<Findings, 'glibc' | 'wsl' | 'resetAfter' | 'nvidia'>> {
  return {
    glibc: process.platform === 'linux' ? glibcOf(process.report?.getReport()) : null,
    wsl: process.platform === 'linux' ? wslOf(os.release(), existsSync('/dev/dxg')) : null,
    resetAfter: process.platform === 'win32' ? resetDelay(await registry()) : null,
    nvidia: existsSync('/dev/nvidiactl'),
  };
}

/** The version of glibc in a report of Node; null where it runs on another C library. */
export function glibcOf(report: unknown): string | null {
  const { header } = (report ?? {}) as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime ?? null;
}

/**
 * Whether a Linux kernel is that of the Windows Subsystem for Linux.
 *
 * @param release as "5.15.167.4-microsoft-standard-WSL2"
 * @param gpu whether the device that passes the GPU on is there
 */
export function wslOf(release: string, gpu: boolean): Findings['wsl'] {
  return /microsoft/i.test(release) ? { gpu } : null;
}

/**
 * Seconds after which Windows resets a GPU that does not answer.
 *
 * @param registry what "reg query" prints of the key GraphicsDrivers; without an entry, it is 2 s
 * @returns null where Windows was told never to
 */
export function resetDelay(registry: string): number | null {
  const entry = (name: string) => {
    const [, value] = new RegExp(`^\\s*${name}\\s+REG_DWORD\\s+(0x[0-9a-f]+)`, 'im').exec(registry) ?? [];
    return value === undefined ? null : Number(value);
  };
  return entry('TdrLevel') === 0 ? null : (entry('TdrDelay') ?? 2);
}

function registry(): Promise<string> {
  const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers';
  return new Promise((resolve) => {
    execFile('reg', ['query', key], { timeout: 10_000 }, (_, stdout) => resolve(stdout));
  });
}

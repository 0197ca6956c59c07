import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commands } from '../../cli/commands/index.ts';
import { main } from '../../cli/run.ts';
import { voxmaskVersion } from '../../cli/versions.ts';

let out = '';
let err = '';

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    out += `${text}\n`;
  });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
});

afterEach(() => vi.restoreAllMocks());

/** A failure to understand: exit code 2, nothing on standard output, the fault and the hint on standard error. */
async function expectUsageError(argv: string[], fault: RegExp, command = ''): Promise<void> {
  expect(await main(argv)).toBe(2);
  expect(out).toBe('');
  const lines = err.split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(fault);
  expect(lines[0]).toMatch(/^voxmask: /);
  expect(lines[1]).toBe(`See: voxmask ${command}--help`);
}

describe('voxmask', () => {
  it('prints its version', async () => {
    expect(await main(['--version'])).toBe(0);
    expect(out.trim()).toBe(voxmaskVersion());
    expect(err).toBe('');
  });

  it('names every command, with what it does, in its help', async () => {
    expect(await main(['--help'])).toBe(0);
    for (const command of commands) {
      expect(command.describe).toBeTruthy();
      expect(out).toContain(`voxmask ${String(command.command).split(' ')[0]}`);
    }
  });

  it('explains what it does not understand in one line', async () => {
    await expectUsageError([], /No command was given/);
  });

  it('proposes the command that was probably meant', async () => {
    await expectUsageError(['simulat', 'out'], /Unknown command: simulat\. Did you mean simulate\?/);
    err = '';
    await expectUsageError(['mask', 'gruop'], /Unknown command: mask gruop\. Did you mean group\?/, 'mask ');
  });

  it('refuses unknown commands', async () => {
    await expectUsageError(['xyzzy'], /Unknown command: xyzzy/);
    err = '';
    const fault = /Unknown command: split xyzzy\. There are: voxmask split test, voxmask split kfold/;
    await expectUsageError(['split', 'xyzzy'], fault, 'split ');
  });

  it('refuses unknown options', async () => {
    await expectUsageError(['simulate', 'out', '--frobnicate'], /Unknown argument: frobnicate/, 'simulate ');
  });

  it('says which argument is missing', async () => {
    await expectUsageError(['simulate'], /missing: voxmask simulate <directory>/, 'simulate ');
  });

  it.each(commands.map((command) => String(command.command).split(' ')[0]))('helps with %s', async (name) => {
    expect(await main([name, '--help'])).toBe(0);
    expect(out).toContain(`voxmask ${name}`);
    expect(out).toContain('--quiet');
    expect(out).toContain('Examples:');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

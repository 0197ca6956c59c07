import { describe, expect, it } from 'vitest';
import { exitCode, reportFailure, UsageError } from '../../cli/fail.ts';
import { Interrupted } from '../../cli/interrupt.ts';
import { InputError } from '../../cohort/error.ts';
import { FakeStream } from './streams.ts';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function report(error: unknown): string {
  const stream = new FakeStream();
  reportFailure(error, stream);
  return stream.text;
}

describe('a failed command', () => {
  it('has an exit code for each kind of failure', () => {
    expect(exitCode(new InputError('a.tsv', 'is empty', 'Add rows'))).toBe(1);
    expect(exitCode(new Error('x is undefined'))).toBe(1);
    expect(exitCode('a text')).toBe(1);
    expect(exitCode(named('GpuError', 'no adapter'))).toBe(1);
    expect(exitCode(new UsageError('Unknown argument: foo'))).toBe(2);
    expect(exitCode(named('DeviceLostError', 'the device was lost'))).toBe(75);
    expect(exitCode(new Interrupted())).toBe(130);
    expect(exitCode(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))).toBe(0);
  });

  it('prints one line for what the user can mend', () => {
    const input = new InputError('a.tsv, line 3', 'sex is "X"', 'Write F, M or n/a');
    expect(report(input)).toBe('voxmask: a.tsv, line 3: sex is "X". Write F, M or n/a.\n');
    expect(report(named('GpuError', 'no adapter'))).toBe('voxmask: no adapter\n');
    expect(report(named('DeviceLostError', 'lost'))).toBe('voxmask: lost\n');
    expect(report(new Interrupted())).toBe('voxmask: interrupted\n');
  });

  it('points to the help of the command that was used', () => {
    expect(report(new UsageError('Unknown argument: foo', 'train'))).toBe(
      'voxmask: Unknown argument: foo\nSee: voxmask train --help\n',
    );
    expect(report(new UsageError('No command was given.'))).toContain('\nSee: voxmask --help\n');
  });

  it('shows where a bug happened, and says that it is one', () => {
    const text = report(new TypeError('x is undefined'));
    expect(text).toMatch(/^voxmask: x is undefined\n\s+at .*fail\.test\.ts/);
    expect(text).toMatch(/This is a bug in voxmask\..*\n$/);
    expect(report('a text')).toMatch(/^voxmask: a text\nThis is a bug/);
  });

  it('says nothing when the reader of the output left', () => {
    expect(report(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))).toBe('');
  });
});

import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { Interrupted, interruptible, stopSignals } from '../../cli/interrupt.ts';
import { FakeStream } from './streams.ts';

class FakeProcess extends EventEmitter {
  readonly stderr = new FakeStream();
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

it('returns what undisturbed work returns, and lets go of the signals', async () => {
  const source = new FakeProcess();
  expect(await interruptible(async () => 42, source)).toBe(42);
  expect(stopSignals.map((signal) => source.listenerCount(signal))).toEqual([0, 0, 0]);
  await expect(interruptible(() => Promise.reject(new Error('disk')), source)).rejects.toThrow('disk');
  expect(stopSignals.map((signal) => source.listenerCount(signal))).toEqual([0, 0, 0]);
  expect(source.stderr.text).toBe('');
});

it.each(stopSignals)('lets work finish its step and save after %s', async (name) => {
  const source = new FakeProcess();
  const saved: number[] = [];
  const work = interruptible(async (signal) => {
    for (let step = 1; step <= 100 && !signal.aborted; step++) {
      if (step === 3) source.emit(name);
      saved.push(step);
    }
    return 'partial';
  }, source);
  await expect(work).rejects.toBeInstanceOf(Interrupted);
  expect(saved).toEqual([1, 2, 3]);
  expect(source.exits).toEqual([]);
  expect(source.stderr.text).toContain('finishing the steps under way');
});

it.each([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
  ['SIGHUP', 'SIGTERM'],
  ['SIGINT', 'SIGHUP'],
])(
  'takes signals of one moment for one request, and gives up at once at a later one: %s, %s',
  async (first, second) => {
    const source = new FakeProcess();
    let time = 5000;
    const work = interruptible(
      async (signal) => {
        source.emit(first); // SLURM's, to every process of a job
        time += 300;
        source.emit(first); // passed on by the script of the job
        source.emit(second); // the study's, to the command that it runs
        expect(source.exits).toEqual([]);
        time += 700;
        source.emit(second);
        signal.throwIfAborted();
      },
      source,
      () => time,
    );
    await expect(work).rejects.toBeInstanceOf(Interrupted);
    expect(source.exits).toEqual([130]);
  },
);

it('saves when a terminal closes, of which the shell and the kernel both tell', async () => {
  const source = new FakeProcess();
  const work = interruptible((signal) => {
    source.emit('SIGHUP');
    source.emit('SIGHUP');
    expect(signal.aborted).toBe(true);
  }, source);
  await expect(work).rejects.toBeInstanceOf(Interrupted);
  expect(source.exits).toEqual([]);
});

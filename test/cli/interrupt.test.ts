import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { Interrupted, interruptible } from '../../cli/interrupt.ts';
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
  expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
  await expect(interruptible(() => Promise.reject(new Error('disk')), source)).rejects.toThrow('disk');
  expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
  expect(source.stderr.text).toBe('');
});

it.each(['SIGINT', 'SIGTERM'])('lets work finish its step and save after %s', async (name) => {
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

it('takes signals of one moment for one request, and gives up at once at a later one', async () => {
  const source = new FakeProcess();
  let time = 5000;
  const work = interruptible(
    async (signal) => {
      source.emit('SIGTERM'); // SLURM's, to every process of a job
      time += 300;
      source.emit('SIGTERM'); // passed on by the script of the job
      source.emit('SIGINT'); // the study's, to the command that it runs
      expect(source.exits).toEqual([]);
      time += 700;
      source.emit('SIGINT');
      signal.throwIfAborted();
    },
    source,
    () => time,
  );
  await expect(work).rejects.toBeInstanceOf(Interrupted);
  expect(source.exits).toEqual([130]);
});

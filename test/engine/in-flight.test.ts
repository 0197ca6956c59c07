import { setImmediate, setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InFlight, stepsInFlight } from '../../engine/in-flight.ts';
import { property } from './compare.ts';

/** A promise and the functions that settle it. */
function deferred() {
  let resolve: (value: number) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<number>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

it('hands results on in order, with never more than the limit under way', async () => {
  const run = fc.record({
    limit: fc.integer({ min: 1, max: 5 }),
    delays: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 }),
  });
  await property(run, async ({ limit, delays }) => {
    const arrived: number[] = [];
    const inFlight = new InFlight<number>(limit, (value) => arrived.push(value));
    let underWay = 0;
    let most = 0;
    for (const [i, delay] of delays.entries()) {
      most = Math.max(most, ++underWay);
      const work = setTimeout(delay, i).finally(() => {
        underWay -= 1;
      });
      await inFlight.add(work);
    }
    await inFlight.drain();
    expect(arrived).toEqual(delays.map((_, i) => i));
    expect(most).toBeLessThanOrEqual(limit);
  });
});

it('records ahead up to the limit, then waits for the oldest', async () => {
  const works = [deferred(), deferred(), deferred()];
  const arrived: number[] = [];
  const inFlight = new InFlight<number>(3, (value) => arrived.push(value));
  await inFlight.add(works[0].promise);
  await inFlight.add(works[1].promise);
  let room = false;
  const third = inFlight.add(works[2].promise).then(() => {
    room = true;
  });
  works[1].resolve(1);
  await setImmediate();
  expect([room, arrived]).toEqual([false, []]);
  works[0].resolve(0);
  await third;
  await setImmediate();
  expect(arrived).toEqual([0, 1]);
  works[2].resolve(2);
  await inFlight.drain();
  expect(arrived).toEqual([0, 1, 2]);
});

it('hands a result on when it arrives, not when room is needed', async () => {
  const arrived: number[] = [];
  const inFlight = new InFlight<number>(8, (value) => arrived.push(value));
  await inFlight.add(Promise.resolve(7));
  await setImmediate();
  expect(arrived).toEqual([7]);
});

it('throws the error of the oldest that failed, hands on none after it, and leaves none unhandled', async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listener);
  const works = [deferred(), deferred(), deferred(), deferred()];
  const arrived: number[] = [];
  const inFlight = new InFlight<number>(8, (value) => arrived.push(value));
  for (const { promise } of works.slice(0, 3)) await inFlight.add(promise);
  works[2].reject(new Error('third'));
  await setImmediate();
  works[1].reject(new Error('second'));
  works[0].resolve(0);
  await setImmediate();
  await expect(inFlight.add(works[3].promise)).rejects.toThrow('second');
  works[3].reject(new Error('fourth'));
  await setImmediate();
  await expect(inFlight.drain()).rejects.toThrow('second');
  await setTimeout(5);
  process.off('unhandledRejection', listener);
  expect([arrived, unhandled]).toEqual([[0], []]);
});

it('an error of the one who receives results is thrown as those of the results are', async () => {
  const inFlight = new InFlight<number>(2, () => {
    throw new Error('receiver');
  });
  await inFlight.add(Promise.resolve(1));
  await expect(inFlight.add(Promise.resolve(2))).rejects.toThrow('receiver');
});

it('eight images are under way at most, or two steps; of larger ones fewer, down to one step', () => {
  const steps = (voxels: number) => [1, 2, 3, 4, 8, 100].map((images) => stepsInFlight(images, voxels));
  expect(steps(60)).toEqual([8, 4, 2, 2, 2, 2]);
  expect(steps(121 * 145 * 121)).toEqual([8, 4, 2, 2, 2, 1]);
  expect(steps(193 * 229 * 193)).toEqual([2, 1, 1, 1, 1, 1]);
  expect([60, 121 * 145 * 121, 193 * 229 * 193].map((voxels) => stepsInFlight(1, voxels, true))).toEqual([
    8, 2, 1,
  ]);
});

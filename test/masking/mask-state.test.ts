import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  judgeMask,
  type LossPoint,
  type MaskState,
  marksOf,
  readState,
  stateText,
  unrecordedState,
} from '../../masking/mask-state.ts';

/** A curve with a loss after every `stride` steps. */
const curve = (losses: readonly number[], stride = 1): LossPoint[] =>
  losses.map((loss, i) => ({ steps: (i + 1) * stride, loss }));
const convergence = (losses: readonly number[]) => judgeMask(curve(losses, 24), 'limit', 0.1).convergence;

it('compares the lowest loss of the first half of the steps with the lowest of all', () => {
  expect(judgeMask(curve([1, 0.5, 0.4, 0.2], 24), 'limit', 0.1)).toEqual({
    stopped: 'limit',
    convergence: 'not converged',
    lastFall: 0.6,
    extent: 'part',
  });
  // 1 % exactly is too much, a little less is not
  expect(convergence([1, 1, 0.99, 0.99])).toBe('not converged');
  expect(convergence([1, 1, 0.9901, 0.9901])).toBe('converged');
  // a fall within the first half, or a rise since, is no fall
  expect(convergence([1, 0.2, 0.2, 0.3])).toBe('converged');
  // what counts is the lowest loss so far, not the last one: 0.5 was reached before the half
  expect(convergence([0.5, 0.9, 0.7, 0.5])).toBe('converged');
  // an odd number of epochs has its half between two of them
  expect(convergence([1, 0.5, 0.5])).toBe('not converged');
});

it('counts steps, not entries: a last epoch that was cut short moves the half', () => {
  const cut = [
    { steps: 100, loss: 1 },
    { steps: 200, loss: 0.5 },
    { steps: 210, loss: 0.5 },
  ];
  expect(judgeMask(cut, 'limit', 0.1).lastFall).toBe(0.5);
});

it('does not call converged what has too few losses to tell', () => {
  for (const short of [[], curve([0.3], 24), curve([0.3])])
    expect(judgeMask(short, 'patience', 0.1)).toMatchObject({ convergence: 'not converged', lastFall: null });
  // a session's mask has the loss of a mask of ones, after no step
  const session = [
    { steps: 0, loss: 0.8 },
    { steps: 1, loss: 0.8 },
  ];
  expect(judgeMask(session, 'limit', 0.1).convergence).toBe('converged');
});

it('judges losses of any sign, by a fall that is finite and does not depend on their scale', () => {
  expect(convergence([-1, -1, -1.005, -1.005])).toBe('converged');
  expect(convergence([-1, -1, -1.2, -1.2])).toBe('not converged');
  expect(convergence([0, 0, -1e-9, -1e-9])).toBe('not converged');
  expect(convergence([0, 0, 0, 0])).toBe('converged');
  const losses = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(losses, (values) => {
      const { lastFall } = judgeMask(curve(values), 'limit', 0.1);
      expect(lastFall).toBeGreaterThanOrEqual(0);
      expect(lastFall).toBeLessThanOrEqual(2);
      const scaled = judgeMask(curve(values.map((value) => 4 * value)), 'limit', 0.1);
      expect(scaled.lastFall).toBeCloseTo(lastFall!, 9);
    }),
  );
});

it('tells empty masks and veils by the share that they touch', () => {
  const extent = (share: number) => unrecordedState(share).extent;
  expect([0, 1e-6, 0.5, 0.500001, 1].map(extent)).toEqual(['empty', 'part', 'part', 'veil', 'veil']);
  expect(unrecordedState(0.7)).toEqual({
    stopped: 'unknown',
    convergence: 'unknown',
    lastFall: null,
    extent: 'veil',
  });
});

it('marks what is wrong, and nothing else', () => {
  const sound = judgeMask(curve([1, 0.5, 0.5, 0.5]), 'patience', 0.2);
  expect(marksOf(sound)).toEqual([]);
  expect(marksOf(judgeMask(curve([1, 0.5, 0.5, 0.5]), 'limit', 0.2))).toEqual([]);
  expect(marksOf(unrecordedState(0.2))).toEqual([]);
  expect(marksOf(judgeMask(curve([1, 0.9]), 'interrupted', 0.8))).toEqual([
    'veil',
    'not converged',
    'interrupted',
  ]);
  expect(marksOf(unrecordedState(0))).toEqual(['empty']);
  expect([sound, unrecordedState(0.2), unrecordedState(0.8)].map(stateText)).toEqual([
    'converged',
    'convergence unknown',
    'veil, convergence unknown',
  ]);
});

it('reads what was recorded, and takes nothing else for a state', () => {
  const state = judgeMask(curve([1, 0.9]), 'limit', 0.8);
  expect(readState(JSON.parse(JSON.stringify({ ...state, more: 1 })))).toEqual(state);
  const broken: Record<keyof MaskState, unknown>[] = [
    { ...state, extent: 'sub-01' },
    { ...state, stopped: 3 },
    { ...state, convergence: null },
    { ...state, lastFall: '0.1' },
  ];
  for (const other of [undefined, null, 7, 'veil', {}, ...broken]) expect(readState(other)).toBeNull();
});

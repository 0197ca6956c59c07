import { expect, it } from 'vitest';
import { offsetOf } from '../../masking/perturbation.ts';

it('every offset within reach comes equally often, and follows from seed, step and place alone', () => {
  const options = { shift: 2, seed: 11 };
  const counts = [0, 1, 2].map(() => new Map<number, number>());
  for (let step = 0; step < 2000; step++)
    offsetOf(options, { step, part: step % 3 }).forEach((s, axis) => {
      counts[axis].set(s, (counts[axis].get(s) ?? 0) + 1);
    });
  for (const axis of counts) {
    expect([...axis.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    // chi-squared of 5 equal cells: above 23.5 once in 10,000
    expect([...axis.values()].reduce((sum, count) => sum + (count - 400) ** 2 / 400, 0)).toBeLessThan(23.5);
  }
  const many = Array.from({ length: 50 }, (_, step) => offsetOf(options, { step, part: 1 }).join());
  expect(many).toEqual(Array.from({ length: 50 }, (_, step) => offsetOf(options, { step, part: 1 }).join()));
  for (const other of [{ ...options, seed: 12 }, options])
    expect(many).not.toEqual(
      Array.from({ length: 50 }, (_, step) =>
        offsetOf(other, { step, part: other === options ? 0 : 1 }).join(),
      ),
    );
});

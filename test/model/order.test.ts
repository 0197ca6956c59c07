import fc from 'fast-check';
import { expect, it } from 'vitest';
import { epochOrder } from '../../model/order.ts';

const labels = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 40 });

it('takes each session once, in an order of its own in every epoch', () => {
  fc.assert(
    fc.property(labels, fc.nat(), fc.nat({ max: 50 }), (classes, seed, epoch) => {
      const order = epochOrder(classes, 'all', seed, epoch);
      expect([...order].sort((a, b) => a - b)).toEqual(classes.map((_, i) => i));
      expect(epochOrder(classes, 'all', seed, epoch)).toEqual(order);
    }),
  );
  const many = Array.from({ length: 30 }, () => 0);
  expect(epochOrder(many, 'all', 1, 1)).not.toEqual(epochOrder(many, 'all', 1, 2));
});

it('balanced, takes every class as often, and every session of a class as often as the others but for one', () => {
  fc.assert(
    fc.property(labels, fc.nat(), (classes, seed) => {
      const order = epochOrder(classes, 'balanced', seed, 3);
      expect(order).toHaveLength(classes.length);
      const spread = (counts: number[]) => Math.max(...counts) - Math.min(...counts);
      const kinds = [...new Set(classes)];
      const taken = (i: number) => order.filter((other) => other === i).length;
      expect(
        spread(kinds.map((kind) => order.filter((i) => classes[i] === kind).length)),
      ).toBeLessThanOrEqual(1);
      for (const kind of kinds) {
        const members = classes.flatMap((label, i) => (label === kind ? [taken(i)] : []));
        expect(spread(members)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

import { expect, it } from 'vitest';
import { area } from '../../../masking/validation/deletion.ts';
import { brainOf, randomRegions, removalOrder, tieBreaks } from '../../../masking/validation/order.ts';
import { overlap } from '../../../masking/validation/overlap.ts';

it('precision, recall and average precision of toy masks are those counted by hand', () => {
  const truth = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  const perfect = Float32Array.of(0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1);
  expect(overlap(perfect, truth)).toEqual({
    precision: 1,
    recall: 1,
    dice: 1,
    atSize: 1,
    averagePrecision: 1,
    chance: 0.2,
  });
  // the order is false, true, false, then the rest at once: the second true voxel is found with all ten
  const poor = Float32Array.of(0.5, 1, 0.2, 0.6, 1, 1, 1, 1, 1, 1);
  const found = overlap(poor, truth);
  expect(found).toMatchObject({ precision: 1 / 3, recall: 0.5, dice: 2 / 5, atSize: 0.5 });
  expect(found.averagePrecision).toBeCloseTo(0.5 * (1 / 2) + 0.5 * (2 / 10), 12);
  // a value just above the threshold is not touched, but it still ranks
  const faint = Float32Array.of(0.96, 0.97, 1, 1, 1, 1, 1, 1, 1, 1);
  expect(overlap(faint, truth)).toMatchObject({ precision: null, recall: 0, dice: 0, averagePrecision: 1 });
});

it('a map without a preference has the precision of chance, whatever the order of its voxels', () => {
  const mask = new Float32Array(50).fill(1);
  for (const at of [0, 20, 45]) {
    const truth = new Uint8Array(50).fill(1, at, at + 5);
    const found = overlap(mask, truth);
    expect(found.averagePrecision).toBeCloseTo(0.1, 12);
    expect(found.atSize).toBeCloseTo(0.1, 12);
  }
});

it('voxels are taken away by falling value, of equals those of the brain first and then at random by seed', () => {
  const values = Float32Array.of(0, 0.3, 0, 0.9, 0, 0, 0, 0);
  const brain = Uint8Array.of(0, 1, 1, 0, 1, 1, 1, 0);
  const order = [...removalOrder(values, brain, tieBreaks(8, 1))];
  expect(order.slice(0, 2)).toEqual([3, 1]);
  expect(order.slice(2, 6).sort()).toEqual([2, 4, 5, 6]);
  expect(order.slice(6).sort()).toEqual([0, 7]);
  const many = (seed: number) => [
    ...removalOrder(new Float32Array(99), new Uint8Array(99), tieBreaks(99, seed)),
  ];
  expect(many(4)).toEqual(many(4));
  expect(many(5)).not.toEqual(many(4));
  expect(many(4)).not.toEqual(Array.from({ length: 99 }, (_, u) => u));
});

it('random regions come whole, the background last', () => {
  const labels = Int32Array.of(0, 7, 7, 3, 3, 9, 0);
  const values = randomRegions(labels, 1);
  expect(new Set(values)).toEqual(new Set([0, 1, 2, 3]));
  labels.forEach((label, u) => {
    expect(values[u]).toBe(values[labels.indexOf(label)]);
  });
  expect(values[0]).toBe(0);
  const orders = new Set(Array.from({ length: 20 }, (_, seed) => randomRegions(labels, seed).join()));
  expect(orders.size).toBeGreaterThan(2);
});

it('the brain is where the mean image stands out from its lowest value', () => {
  expect([...brainOf(Float32Array.of(-1, -0.95, -0.5, 1))]).toEqual([0, 0, 1, 1]);
});

it('the area is the mean height of the curve over its span', () => {
  expect(area([0, 1, 3], [1, 0, 0])).toBeCloseTo(0.5 / 3, 12);
  expect(area([2, 4], [0.25, 0.75])).toBe(0.5);
  expect(area([5], [0.4])).toBe(0.4);
});

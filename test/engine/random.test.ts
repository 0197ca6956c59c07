import { expect, it } from 'vitest';
import { philox, RandomStream, seedWords, streams } from '../../engine/random.ts';

it('Philox gives the words that its authors publish for three counters and keys', () => {
  const hex = (words: number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');
  const ones = 0xffffffff;
  expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
  expect(hex(philox(pi, [0xa4093822, 0x299f31d0]))).toBe('d16cfe09 94fdcceb 5001e420 24126ea1');
});

it('streams of one seed differ from each other and repeat themselves', () => {
  const draw = (seed: number, stream: number, part = 0) => {
    const random = new RandomStream(seed, stream, part);
    return Array.from({ length: 8 }, () => random.next());
  };
  expect(draw(7, streams.weights)).toEqual(draw(7, streams.weights));
  const all = [
    draw(7, streams.weights),
    draw(7, streams.shuffle),
    draw(7, streams.weights, 1),
    draw(8, streams.weights),
  ];
  expect(new Set(all.map(String)).size).toBe(4);
});

it('a permutation holds every number once, each order about as often', () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 3000; seed++) {
    const order = new RandomStream(seed, streams.shuffle).permutation(3);
    expect([...order].sort()).toEqual([0, 1, 2]);
    counts.set(`${order}`, (counts.get(`${order}`) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(100);
});

it('uniform numbers stay in their range and average to its middle', () => {
  const random = new RandomStream(1, streams.weights);
  const values = Array.from({ length: 10_000 }, () => random.uniform(-0.2, 0.2));
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.2);
  expect(Math.max(...values)).toBeLessThan(0.2);
  expect(Math.abs(values.reduce((a, b) => a + b) / 10_000)).toBeLessThan(0.005);
});

it('seeds are whole numbers from 0, and their upper half counts', () => {
  expect(seedWords(2 ** 32 + 5)).toEqual([5, 1]);
  expect(() => seedWords(-1)).toThrow('whole number');
  expect(() => seedWords(0.5)).toThrow('whole number');
});

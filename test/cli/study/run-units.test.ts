import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ended } from '../../../cli/study/child.ts';
import { readRecord } from '../../../cli/study/records.ts';
import { runUnits } from '../../../cli/study/run-units.ts';
import { inOrder, type Unit, unitKeys } from '../../../cli/study/unit.ts';

const unit = (id: string, needs: string[] = [], more: Partial<Unit> = {}): Unit => ({
  id,
  experiments: [],
  title: id,
  command: ['make', id],
  out: id,
  needs,
  inputs: [],
  gpu: false,
  again: 'overwrite',
  ...more,
});
const ended = (code: number | null, said: string[] = []): Ended => ({ code, output: `made ${code}`, said });

let folder = '';
/** command lines in the order in which they were begun */
let ran: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'voxmask-units-'));
  ran = [];
});

function go(
  units: readonly Unit[],
  {
    codes = {},
    adapters = [undefined] as (string | undefined)[],
    signal = new AbortController().signal,
  } = {},
) {
  const answers: Record<string, number> = codes;
  return runUnits({
    folder,
    units,
    keys: unitKeys(units),
    adapters,
    signal,
    run: async (words) => {
      ran.push(words.join(' '));
      await new Promise((resolve) => setTimeout(resolve, 1));
      return ended(answers[words[1]] ?? 0, ['it broke']);
    },
  });
}

describe('running units', () => {
  it('runs each after what it needs, and none twice', async () => {
    const units = [unit('c', ['a', 'b']), unit('b', ['a']), unit('a')];
    expect([...(await go(units)).values()]).toEqual(['done', 'done', 'done']);
    expect(ran).toEqual(['make a', 'make b', 'make c']);
    expect(readFileSync(path.join(folder, 'units', 'a.txt'), 'utf8')).toBe('made 0');
    ran = [];
    expect([...(await go(units)).values()]).toEqual(['before', 'before', 'before']);
    expect(ran).toEqual([]);
  });

  it('runs again what has other options, and all that needs it', async () => {
    await go([unit('a'), unit('b', ['a']), unit('c')]);
    ran = [];
    await go([unit('a', [], { command: ['make', 'a', '--more'] }), unit('b', ['a']), unit('c')]);
    expect(ran).toEqual(['make a --more --overwrite', 'make b --overwrite']);
  });

  it('a failure holds up only what needs it, is told, and is repeated alone', async () => {
    const units = [unit('a'), unit('b', ['a']), unit('c'), unit('d', ['c'])];
    const outcomes = await go(units, { codes: { a: 1 } });
    expect(Object.fromEntries(outcomes)).toEqual({ a: 'failed', b: 'blocked', c: 'done', d: 'done' });
    expect(readRecord(folder, 'a')).toMatchObject({ status: 'failed', error: 'it broke' });
    expect(existsSync(path.join(folder, 'units', 'b.json'))).toBe(false);
    ran = [];
    await go(units);
    expect(ran).toEqual(['make a --overwrite', 'make b']);
  });

  it('what goes on by itself is not made to start anew', async () => {
    const units = [unit('a', [], { again: 'resume' })];
    await go(units, { codes: { a: 130 } });
    expect(readRecord(folder, 'a')?.status).toBe('begun');
    await go(units);
    expect(ran).toEqual(['make a', 'make a']);
  });

  it('gives each adapter one unit at a time, and only units that compute', async () => {
    const units = [unit('a', [], { gpu: true }), unit('b', [], { gpu: true }), unit('c')];
    await go(units, { adapters: ['one', 'two'] });
    expect(ran[0]).toBe('make a --adapter one');
    expect(ran[1]).toBe('make b --adapter two');
    expect(ran[2]).toBe('make c');
  });

  it('begins nothing after an abort', async () => {
    const controller = new AbortController();
    controller.abort();
    const outcomes = await go([unit('a')], { signal: controller.signal });
    expect(outcomes.get('a')).toBe('interrupted');
    expect(ran).toEqual([]);
  });
});

describe('the order of units', () => {
  it('puts each behind its needs, whatever the order they are given in', () => {
    const graph = fc
      .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
      .map((needs) => needs.map((list, i) => unit(`u${i}`, i === 0 ? [] : list.map((n) => `u${n % i}`))));
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (units, order) => {
        const shuffled = [...units].sort(() => (order.next().value! % 2) - 0.5);
        const sorted = inOrder(shuffled).map(({ id }) => id);
        expect([...sorted].sort()).toEqual(units.map(({ id }) => id).sort());
        for (const { id, needs } of units)
          for (const need of needs) expect(sorted.indexOf(need)).toBeLessThan(sorted.indexOf(id));
      }),
    );
  });

  it('refuses a circle and a need that is no unit', () => {
    expect(() => inOrder([unit('a', ['b']), unit('b', ['a'])])).toThrow('needs itself');
    expect(() => inOrder([unit('a', ['b'])])).toThrow('no unit b');
  });
});

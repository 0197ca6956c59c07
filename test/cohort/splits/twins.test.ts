import { describe, expect, it } from 'vitest';
import type { Session } from '../../../cohort/session.ts';
import { fingerprintOf, refuseTwins } from '../../../cohort/splits/twins.ts';

const session = (participantId: string, sessionId: string, path: string): Session => ({
  ...{
    participantId,
    sessionId,
    path,
    diagnosis: 'AD',
    age: null,
    sex: null,
    mmse: null,
    cdr: null,
    line: 2,
  },
});
const scanOf = (one: Session) => one.path.split('_')[0];

describe('refuseTwins', () => {
  it('names both sessions and both images of each scan that two participants have', () => {
    const sessions = [
      session('sub-1', 'M0', 'a'),
      session('sub-2', 'M0', 'b'),
      session('sub-3', 'M0', 'a_copy'),
      session('sub-4', 'M6', 'b_copy'),
    ];
    expect(() => refuseTwins('t.tsv', sessions, scanOf)).toThrow(
      /^t\.tsv: has 2 scans of two participants.*\n {2}sub-3 M0 has the scan of sub-1 M0 \(a_copy, a\)\n {2}sub-4 M6 .* sub-2 M0/,
    );
  });

  it('tells of copies within a participant, however the participant is spelled, and of nothing else', () => {
    const own = [session('sub-1', 'M0', 'a'), session('1', 'M6', 'a_copy'), session('sub-2', 'M0', 'b')];
    expect(refuseTwins('t.tsv', own, scanOf)).toMatch(/same scan, voxel by voxel: sub-1 M0 and M6\.$/);
    expect(refuseTwins('t.tsv', own.slice(1), scanOf)).toBeNull();
    expect(refuseTwins('t.tsv', [session('a', 'M0', 'x'), session('b', 'M0', 'x_1')], () => null)).toBeNull();
  });
});

describe('fingerprintOf', () => {
  const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const print = (shape: [number, number, number], ...data: number[]) =>
    fingerprintOf({ grid: { shape, affine }, data: Float32Array.from(data) });

  it('differs where a voxel or the shape does, not where a zero has a sign', () => {
    expect(print([2, 2, 1], 1, 0, 3, 4)).toBe(print([2, 2, 1], 1, -0, 3, 4));
    const all = [
      print([2, 2, 1], 1, 0, 3, 4),
      print([2, 2, 1], 1, 0, 3, 4.000001),
      print([1, 4, 1], 1, 0, 3, 4),
    ];
    expect(new Set(all).size).toBe(3);
  });

  it('is none for an image of one value, which may be any participant that failed', () => {
    expect(print([2, 1, 1], 0, 0)).toBeNull();
  });
});

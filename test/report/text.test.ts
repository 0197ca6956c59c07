import { describe, expect, it } from 'vitest';
import { textTable } from '../../report/text-table.ts';
import { linearTicks, logTicks, tickLabel } from '../../report/ticks.ts';

describe('textTable', () => {
  it('sets numbers to the right and texts to the left', () => {
    const table = textTable(
      ['region', { title: 'density', digits: 3 }, 'voxels'],
      [
        ['Hippocampus_L', 0.61234, 2200],
        ['Insula_R', 0.05, 13],
      ],
    );
    expect(table.split('\n')).toEqual([
      'region         density  voxels',
      '-------------  -------  ------',
      'Hippocampus_L    0.612    2200',
      'Insula_R         0.050      13',
    ]);
  });

  it('shows what is not known as n/a, without moving the column', () => {
    const table = textTable(['age', 'sex'], [[71.5, 'F'], [null, undefined], [Number.NaN]]);
    expect(table.split('\n').slice(2)).toEqual(['71.5  F', ' n/a  n/a', ' n/a  n/a']);
  });

  it('keeps the heading of an empty table', () => {
    expect(textTable(['a', 'bc'], [])).toBe('a  bc\n-  --');
  });
});

describe('ticks', () => {
  it('are round and within the range', () => {
    expect(linearTicks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(-0.13, 0.31, 5)).toEqual([-0.1, 0, 0.1, 0.2, 0.3]);
    expect(linearTicks(3, 3)).toEqual([3]);
  });

  it('are powers of ten on a logarithmic axis, with 2 and 5 between when the range is short', () => {
    expect(logTicks(2e-6, 3)).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]);
    expect(logTicks(0.15, 3)).toEqual([0.2, 0.5, 1, 2]);
    expect(logTicks(1e-40, 1).length).toBeLessThan(12);
  });

  it('are labelled shortly', () => {
    expect([0, 0.25, 1500, 1e-6, 2e7, 0.30000000000000004].map(tickLabel)).toEqual([
      '0',
      '0.25',
      '1500',
      '1e-6',
      '2e7',
      '0.3',
    ]);
  });
});

import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { renderReport } from '../../../report/page/document.ts';
import { foldTable } from '../../../report/page/sections/networks.ts';
import { cubicGrid } from '../volumes.ts';
import { accuracy, mask, nothing, summary } from './toy.ts';

/** A part of the page as it reads. */
const text = (part: string) => part.replace(/<[^>]+>/g, '');

const evil = '<script>alert("x")</script>';

describe('renderReport', () => {
  it('has its sections in order, the answer first, each in the contents', () => {
    const page = renderReport(nothing);
    const ids = [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual([
      ...['answer', 'quality', 'table-1', 'splits', 'curves', 'confusion', 'folds', 'masks', 'similarity'],
      ...['regions', 'glass', 'viewer', 'limits', 'methods', 'commands'],
    ]);
    for (const id of ids) expect(page).toContain(`<a href="#${id}">`);
    expect(page).toContain('content="default-src &#39;none&#39;;');
    expect(page).not.toMatch(/(src|href)="https?:/);
  });

  it('escapes every text that comes from files', () => {
    const page = renderReport({
      ...nothing,
      title: evil,
      units: [
        { id: evil, title: evil, experiments: [], status: 'failed', command: evil, seconds: 1, error: evil },
      ],
      demographics: { name: 't', columns: [evil], rows: [[evil]] },
      quality: [
        {
          cohort: evil,
          rejected: 1,
          flagged: 0,
          accepted: 0,
          reasons: [[evil, 1]],
          aboveOne: 0,
          sheet: null,
        },
      ],
      masks: [{ ...mask(0, [evil]), name: evil, cohort: evil }],
      matrices: [
        { name: 'm', title: evil, caption: evil, corner: evil, rows: [evil], columns: [evil], values: [[1]] },
      ],
      viewer: {
        grid: cubicGrid([1, 1, 1], 1),
        backgrounds: [],
        masks: [{ name: evil, bytes: new Uint8Array(1) }],
        regions: { names: [evil], bytes: new Uint8Array(1) },
      },
      warnings: [{ level: 'warning', text: evil }],
      methods: [evil],
    });
    expect(page).not.toContain(evil);
    expect(page).not.toContain('<script>alert');
    expect(page.match(/<script[ >]/g)).toHaveLength(2); // the data of the viewer, and the page's own
  });

  it('names what is missing with its command', () => {
    const unit = {
      id: 'train/fold-1',
      title: 'Network of fold 1',
      experiments: ['E1'],
      seconds: null,
      error: null,
    };
    const page = renderReport({
      ...nothing,
      units: [
        { ...unit, id: 'train/fold-0', status: 'done', command: 'voxmask train a' },
        { ...unit, status: 'missing', command: 'voxmask train b' },
        { ...unit, id: 'grid', status: 'failed', command: 'voxmask grid', error: 'no space' },
      ],
    });
    const progress = /<section id="progress".*?<\/section>/s.exec(page)?.[0] ?? '';
    expect(progress).toContain('1 of 3 steps are done');
    expect(text(progress)).toContain('voxmask train b');
    expect(progress).toContain('no space');
    expect(text(progress)).not.toContain('voxmask train a');
  });

  it("shows similarities beside the paper's, in its order", () => {
    const page = renderReport({
      ...nothing,
      summaries: [summary('runs', 0.5, 0.4), summary('cohorts', 0.9, null)],
    });
    const rows = [...page.matchAll(/<tr><th scope="row">(E\d+)<\/th>(.*?)<\/tr>/g)].map(([, id, cells]) => [
      id,
      cells.replace(/<[^>]+>/g, '|'),
    ]);
    expect(rows.map(([id]) => id)).toEqual(['E7', 'E8', 'E9', 'E10', 'E11']);
    expect(rows[1][1]).toMatch(/n\/a.*0\.80.*n\/a.*0\.58/);
    expect(rows[4][1]).toMatch(/10.*0\.50 \[0\.48, 0\.52\].*0\.69.*0\.40 \[0\.38, 0\.42\].*0\.82/);
  });

  it('packs the volumes of the viewer so that they come out the same', () => {
    const bytes = Uint8Array.from({ length: 27 }, (_, i) => i);
    const page = renderReport({
      ...nothing,
      viewer: {
        grid: cubicGrid([3, 3, 3], 2),
        backgrounds: [{ name: 'gray', bytes }],
        masks: [],
        regions: null,
      },
    });
    const text = /id="viewer-data">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    const data = JSON.parse(text);
    expect([...gunzipSync(Buffer.from(data.backgrounds[0].data, 'base64'))]).toEqual([...bytes]);
    expect(data.views[0]).toMatchObject({ name: 'coronal', acrossReversed: true, ends: ['L', 'R'] });
  });
});

it("stands the folds beside the paper's, with the means", () => {
  const { columns, rows } = foldTable([
    accuracy('validation', 0, 0.9),
    accuracy('validation', 1, 0.8),
    { ...accuracy('validation', 0, 0.1), run: 1 },
    accuracy('test', 1, 0.7),
  ]);
  expect(columns).toEqual(['', 'validation', 'paper', 'test set', 'paper', 'independent cohort', 'paper']);
  expect(rows).toEqual([
    ['fold 0', '0.90 [0.80, 1.00]', '0.95', 'n/a', '0.89', 'n/a', '0.85'],
    ['fold 1', '0.80 [0.70, 0.90]', '0.82', '0.70 [0.60, 0.80]', '0.87', 'n/a', '0.92'],
    ['mean', '0.85', '0.89', '0.70', '0.88', 'n/a', '0.90'],
  ]);
});

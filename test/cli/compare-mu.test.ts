import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { formatTable, readTable } from '../../cohort/table.ts';
import type { Gpu } from '../../engine/gpu.ts';
import { ImageStore } from '../../model/images.ts';
import { softmax } from '../../model/metrics.ts';
import { readModel } from '../../model/model-file.ts';
import { Network } from '../../model/network.ts';
import { predictLogits } from '../../model/predict.ts';
import { testGpu } from '../engine/gpu.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model, cohort } = made;
const place = (...names: string[]) => path.join(made.folder, ...names);
const atlas = ['--atlas', files.atlas, '--labels', files.labels];
const like = readVolume(cohort.sessions[0].path);
const ad = cohort.sessions.filter(({ diagnosis }) => diagnosis === 'AD');
let gpu: Gpu;
collectPrinted();
beforeAll(async () => {
  gpu = await testGpu();
});
afterAll(() => rmSync(made.folder, { recursive: true }));

/** A healthy counterpart of a session, unlike all others. */
const counterpart = (i: number, table: string) =>
  like.data.map((_, u) => ((u * (i + 3)) % 7) / (table === 'one' ? 7 : 9));

/** The cohort's table with a column mu_path, and the volumes that it names. @param left sessions that get none */
function tableWithMu(name: string, left: readonly string[] = []): string {
  const table = readTable(files.cohort);
  const rows = table.rows.map((row, i) => {
    const file = place('mu', `${name}-${i}.nii.gz`);
    writeVolume(file, counterpart(i, name), like, { datatype: 'float32', slope: 1 });
    return {
      ...row,
      path: path.resolve(path.dirname(files.cohort), row.path),
      mu_path: left.includes(row.participant_id) ? '' : file,
    };
  });
  writeFileAtomic(place(`${name}.tsv`), formatTable([...table.columns, 'mu_path'], rows));
  return place(`${name}.tsv`);
}

/** A mask with the sidecar that `mask group --mu per-session` leaves. */
function mask(
  name: string,
  hidden: (u: number) => number,
  table: string,
  of: typeof ad,
  mu: unknown = 'per-session',
) {
  const data = like.data.map((_, u) => 1 - hidden(u));
  writeVolume(place('masks', name, 'mask.nii.gz'), data, like, { datatype: 'float32', slope: 1 });
  const options = { model, cohort: table, className: 'AD', mu };
  const selectedOn = of.map((one) => `${one.participantId} ${one.sessionId}`);
  writeFileAtomic(place('masks', name, 'mask.json'), JSON.stringify({ options, results: { selectedOn } }));
  return data;
}

/** Mean probability of the class over images masked on the host, voxel by voxel, and shown to the network as they are. */
async function plainly(
  of: typeof ad,
  m: Float32Array,
  muOf: (i: number) => (u: number) => number,
): Promise<number> {
  const { architecture, weights } = readModel(model);
  const network = new Network(gpu, architecture, weights);
  const masked = of.map((session) => {
    const mu = muOf(cohort.sessions.indexOf(session));
    const { data } = readVolume(session.path);
    const file = place('masked', `${session.participantId}.nii.gz`);
    writeVolume(
      file,
      data.map((x, u) => m[u] * x + (1 - m[u]) * mu(u)),
      like,
      { datatype: 'float32', slope: 1 },
    );
    return { ...session, path: file };
  });
  const logits = await predictLogits(network, ImageStore.like(masked[0]), masked, 1);
  network.release();
  const ill = architecture.classes.indexOf('AD');
  return logits.reduce((sum, row) => sum + softmax(row)[ill], 0) / logits.length;
}

it('shows a network each image under the mu of its own session, where its mask was made with that', async () => {
  const [one, two] = ['one', 'two'].map((name) => tableWithMu(name));
  const first = mask('a', (u) => (u % 3 === 0 ? 0.9 : 0.2), one, ad.slice(0, 2));
  const second = mask('b', (u) => (u % 2 === 0 ? 0.7 : 0), two, ad.slice(0, 3)); // the same images, of other counterparts
  const third = mask('c', (u) => (u % 5 === 0 ? 1 : 0), files.cohort, ad.slice(1, 2), 0.5);
  expect(
    await main(['compare', place('masks'), ...atlas, '--out', place('compared'), '--prob-cnn']),
    printed.err,
  ).toBe(0);
  const rows = readTable(place('compared/prob_cnn.tsv')).rows;
  const own = (name: string) => (i: number) => {
    const volume = counterpart(i, name);
    return (u: number) => volume[u];
  };
  const networks = [
    { name: 'a', of: ad.slice(0, 2), muOf: own('one') },
    { name: 'b', of: ad.slice(0, 3), muOf: own('two') },
    { name: 'c', of: ad.slice(1, 2), muOf: () => () => 0.5 },
  ];
  for (const [i, { name, of, muOf }] of networks.entries())
    for (const [column, m] of [
      ['a', first],
      ['b', second],
      ['c', third],
    ] as const)
      expect(Number(rows[i][column]), `${name} under ${column}`).toBeCloseTo(await plainly(of, m, muOf), 5);
  const differs = await plainly(ad.slice(0, 2), first, own('two'));
  expect(Math.abs(Number(rows[0].a) - differs)).toBeGreaterThan(1e-4); // else the test could not tell the two apart
});

it('takes --mu per-session with other images, and says which session has no volume', async () => {
  const words = ['compare', place('masks'), ...atlas, '--mu', 'per-session', '--prob-cnn'];
  const lacking = tableWithMu('one-less', [ad[1].participantId]);
  const given = (table: string, out: string) => main([...words, '--images', table, '--out', place(out)]);
  expect(await given(lacking, 'lacking')).toBe(1);
  expect(printed.err).toMatch(/one-less\.tsv, line \d+: has no mu_path\. Give every session one/);
  printed.err = '';
  expect(await given(files.cohort, 'none')).toBe(1);
  expect(printed.err).toMatch(/mu_path/);
  expect(await given(place('one.tsv'), 'others')).toBe(0);
  expect(readFileSync(place('others/prob_cnn.tsv'), 'utf8')).not.toMatch(/n\/a/);
});

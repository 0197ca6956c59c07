import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type Atlas, readAtlas } from '../../cohort/atlas.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { InputError } from '../../cohort/error.ts';
import { readVolume } from '../../cohort/nifti.ts';
import {
  defaultRegions,
  type SimulatedCohort,
  type SimulateOptions,
  simulateCohort,
  simulateDefaults,
} from '../../cohort/simulate/index.ts';
import { toWorld } from '../../cohort/volume.ts';
import { noReference, referenceFile } from './reference-images.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'voxmask-simulate-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;
const freshFolder = () => path.join(scratch, `cohort-${folders++}`);
const small: SimulateOptions = { ...simulateDefaults, participantsPerClass: 2 };

/** One participant's map, seen through the atlas. */
interface Summary {
  readonly diagnosis: string;
  readonly age: number;
  readonly sex: string | null;
  readonly total: number;
  readonly maximum: number;
  readonly labelled: number;
  readonly means: ReadonlyMap<string, number>;
}

function summarise(simulated: SimulatedCohort): { atlas: Atlas; people: Summary[] } {
  const atlas = readAtlas(simulated.atlas, simulated.labels);
  const size = 1 + atlas.regions.reduce((largest, { value }) => Math.max(largest, value), 0);
  const people = readCohort(simulated.cohort, ['CN', 'AD']).sessions.map((session) => {
    const { data } = readVolume(session.path);
    const sums = new Float64Array(size);
    const counts = new Float64Array(size);
    let maximum = 0;
    for (let i = 0; i < data.length; i++) {
      sums[atlas.labels[i]] += data[i];
      counts[atlas.labels[i]]++;
      maximum = Math.max(maximum, data[i]);
    }
    const total = sum([...sums]);
    return {
      diagnosis: session.diagnosis,
      age: session.age!,
      sex: session.sex,
      total,
      maximum,
      labelled: 1 - sums[0] / total,
      means: new Map(atlas.regions.map(({ value, name }) => [name, sums[value] / counts[value]])),
    };
  });
  return { atlas, people };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function variation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - center) ** 2)) / (values.length - 1)) / center;
}

/** All files of a folder by name; images without their compression. */
function contents(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => /\.(gz|tsv|json)$/.test(name));
  return new Map(
    files.map((name) => {
      const bytes = readFileSync(path.join(folder, name));
      return [name, name.endsWith('.gz') ? gunzipSync(bytes) : bytes];
    }),
  );
}

describe('a simulated cohort at 6 mm', () => {
  const simulated = simulateCohort(freshFolder(), {
    ...simulateDefaults,
    participantsPerClass: 40,
    seed: 11,
  });
  const { atlas, people } = summarise(simulated);
  const controls = people.filter(({ diagnosis }) => diagnosis === 'CN');
  const patients = people.filter(({ diagnosis }) => diagnosis === 'AD');
  const regionMeans = (group: readonly Summary[], name: string) => group.map(({ means }) => means.get(name)!);

  it('has as many participants of each class as asked for, alike in age and sex', () => {
    expect(controls).toHaveLength(40);
    expect(patients).toHaveLength(40);
    for (const group of [controls, patients]) {
      const ages = group.map(({ age }) => age);
      expect(Math.min(...ages)).toBeGreaterThanOrEqual(55);
      expect(Math.max(...ages)).toBeLessThanOrEqual(92);
      expect(mean(ages)).toBeGreaterThan(72);
      expect(mean(ages)).toBeLessThan(78);
      expect(group.filter(({ sex }) => sex === 'F')).toHaveLength(20);
    }
    const gap = mean(controls.map(({ age }) => age)) - mean(patients.map(({ age }) => age));
    expect(Math.abs(gap)).toBeLessThan(1);
  });

  it('covers the MNI box', () => {
    expect(atlas.grid.shape).toEqual([31, 37, 31]);
    expect(toWorld(atlas.grid, 0, 0, 0)).toEqual([90, -126, -72]);
    expect(toWorld(atlas.grid, 30, 36, 30)).toEqual([-90, 90, 108]);
  });

  it('has maxima near 1 in everyone, as unmodulated probability maps have', () => {
    for (const { maximum } of people) {
      expect(maximum).toBeGreaterThanOrEqual(0.95);
      expect(maximum).toBeLessThanOrEqual(1);
    }
  });

  it('varies between participants about as much as real regional means do', () => {
    const variations = atlas.regions.map(({ name }) =>
      variation(controls.map(({ means, total }) => means.get(name)! / total)),
    );
    variations.sort((a, b) => a - b);
    const quantile = (share: number) => variations[Math.floor(share * variations.length)];
    expect(quantile(0.5)).toBeGreaterThan(0.09);
    expect(quantile(0.5)).toBeLessThan(0.13);
    expect(quantile(0.1)).toBeGreaterThan(0.06);
    expect(quantile(0.9)).toBeLessThan(0.18);
    const hippocampus = variation(controls.map(({ means, total }) => means.get('Hippocampus_L')! / total));
    expect(hippocampus).toBeGreaterThan(0.05);
    expect(hippocampus).toBeLessThan(0.1);
    const overall = variation(controls.map(({ total }) => total));
    expect(overall).toBeGreaterThan(0.045);
    expect(overall).toBeLessThan(0.09);
  });

  it('has lost gray matter in the planted regions of AD by about the strength, and not elsewhere', () => {
    const reductions = atlas.regions.map(({ name }) => ({
      name,
      loss: 1 - mean(regionMeans(patients, name)) / mean(regionMeans(controls, name)),
    }));
    const planted = reductions.filter(({ name }) => defaultRegions.includes(name));
    const others = reductions.filter(({ name }) => !defaultRegions.includes(name));
    expect(planted).toHaveLength(6);
    for (const { name, loss } of planted) {
      expect(loss, name).toBeGreaterThan(0.18);
      expect(loss, name).toBeLessThan(0.38);
    }
    expect(Math.abs(mean(others.map(({ loss }) => loss)))).toBeLessThan(0.03);
    for (const { name, loss } of others) expect(Math.abs(loss), name).toBeLessThan(0.13);
  });

  it('differs between participants of AD in severity', () => {
    const truth = JSON.parse(readFileSync(simulated.truth, 'utf8'));
    const severity = truth.participants
      .filter(({ diagnosis }: { diagnosis: string }) => diagnosis === 'AD')
      .map(({ losses }: { losses: Record<string, number> }) => mean(Object.values(losses)));
    expect(mean(severity)).toBeGreaterThan(0.26);
    expect(mean(severity)).toBeLessThan(0.34);
    expect(variation(severity)).toBeGreaterThan(0.1);
  });

  it('tells the truth: planted regions, factors of everyone, losses of AD only', () => {
    const truth = JSON.parse(readFileSync(simulated.truth, 'utf8'));
    expect(truth.atrophiedRegions).toEqual([...defaultRegions]);
    expect(simulated.plantedRegions).toEqual([...defaultRegions]);
    expect(truth).toMatchObject({ seed: 11, strength: 0.3, options: { resolution: 6 } });
    expect(truth.participants).toHaveLength(80);
    for (const { diagnosis, losses, regionalFactors } of truth.participants) {
      expect(Object.keys(losses)).toHaveLength(diagnosis === 'AD' ? 6 : 0);
      expect(Object.keys(regionalFactors)).toHaveLength(atlas.regions.length);
    }
    // What the truth says of a region is what its map shows, measured over all participants.
    const told = truth.participants.map(
      (one: { globalFactor: number; regionalFactors: Record<string, number> }) =>
        one.globalFactor * one.regionalFactors.Temporal_Mid_R,
    );
    expect(correlation(told, regionMeans(people, 'Temporal_Mid_R'))).toBeGreaterThan(0.85);
  });

  it('keeps every region, and those of the medial temporal lobe with several voxels', () => {
    const counts = new Map<number, number>();
    for (const label of atlas.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const { value, name } of atlas.regions) {
      expect(counts.get(value) ?? 0, name).toBeGreaterThanOrEqual(defaultRegions.includes(name) ? 5 : 2);
    }
  });

  it('has most of its gray matter within regions', () => {
    for (const { labelled } of people) expect(labelled).toBeGreaterThan(0.85);
  });
});

describe('the brain made by formula', () => {
  const simulated = simulateCohort(freshFolder(), { ...small, participantsPerClass: 1, resolution: 1.5 });
  const atlas = readAtlas(simulated.atlas, simulated.labels);
  const [image] = readCohort(simulated.cohort, ['CN', 'AD']).sessions;
  const map = readVolume(image.path);

  it('lies on the grid of the 1.5 mm SPM maps', () => {
    expect(map.grid.shape).toEqual([121, 145, 121]);
    expect(map.grid.affine.slice(0, 12)).toEqual([-1.5, 0, 0, 90, 0, 1.5, 0, -126, 0, 0, 1.5, -72]);
  });

  it('is stored as SPM stores maps: uint8 of slope 1/255, LAS; its atlas int16, RAS', () => {
    const header = gunzipSync(readFileSync(image.path));
    expect(header.readInt16LE(70)).toBe(2);
    expect(header.readFloatLE(112)).toBeCloseTo(1 / 255, 8);
    expect(header.readFloatLE(280)).toBe(-1.5);
    const labels = gunzipSync(readFileSync(simulated.atlas));
    expect(labels.readInt16LE(70)).toBe(4);
    expect(labels.readFloatLE(280)).toBe(1.5);
    expect(labels.readFloatLE(292)).toBe(-90);
  });

  it('has every left region on the left and its twin on the right, at their MNI places', () => {
    const centers = centersOf(atlas);
    for (const [name, [x]] of centers) {
      expect(Math.sign(x), name).toBe(name.endsWith('_L') ? -1 : 1);
    }
    const places = {
      Hippocampus: [26, -20, -14],
      Amygdala: [24, -3, -19],
      ParaHippocampal: [22, -18, -24],
      Thalamus: [11, -19, 7],
      Putamen: [25, 2, 1],
      Caudate: [12, 9, 8],
      Fusiform: [32, -42, -21],
      Insula: [36, 3, 2],
      Precuneus: [8, -58, 46],
      Cingulate_Post: [6, -45, 24],
      Temporal_Inf: [50, -29, -25],
    };
    for (const [name, [x, y, z]] of Object.entries(places)) {
      for (const side of ['L', 'R']) {
        const center = centers.get(`${name}_${side}`)!;
        const gap = Math.hypot(Math.abs(center[0]) - x, center[1] - y, center[2] - z);
        expect(gap, `${name}_${side} at ${center}`).toBeLessThan(9);
      }
    }
  });

  it('has no two equal halves, so that a swap of left and right cannot hide', () => {
    const [nx, ny, nz] = map.grid.shape;
    let difference = 0;
    let total = 0;
    for (let x = 0; x < nx; x++) {
      for (let i = 0; i < ny * nz; i++) {
        difference += Math.abs(map.data[x * ny * nz + i] - map.data[(nx - 1 - x) * ny * nz + i]);
        total += map.data[x * ny * nz + i];
      }
    }
    expect(difference / total).toBeGreaterThan(0.3);
  });

  it('holds as much gray matter as a brain', () => {
    const liters = (sum([...map.data]) * 1.5 ** 3) / 1e6;
    expect(liters).toBeGreaterThan(0.55);
    expect(liters).toBeLessThan(0.95);
  });
});

describe('a seed', () => {
  const folders = [freshFolder(), freshFolder(), freshFolder()];
  simulateCohort(folders[0], small);
  simulateCohort(folders[1], small);
  simulateCohort(folders[2], { ...small, seed: 2 });
  const [one, same, other] = folders.map(contents);
  const images = [...one.keys()].filter((name) => name.startsWith('images'));

  it('decides every byte', () => {
    expect([...same.keys()]).toEqual([...one.keys()]);
    expect(one.size).toBe(4 + 4);
    for (const [name, bytes] of one) expect(bytes.equals(same.get(name)!), name).toBe(true);
  });

  it('makes other participants than another one, of the same atlas', () => {
    for (const name of images) expect(one.get(name)!.equals(other.get(name)!), name).toBe(false);
    expect(one.get('atlas.nii.gz')!.equals(other.get('atlas.nii.gz')!)).toBe(true);
  });

  it('keeps its participants when more are asked for, and its CN when atrophy changes', () => {
    const folder = freshFolder();
    simulateCohort(folder, { ...small, participantsPerClass: 3, strength: 0.6 });
    const larger = contents(folder);
    for (const name of images) {
      expect(one.get(name)!.equals(larger.get(name)!), name).toBe(name.includes('sub-CN'));
    }
  });

  it('draws no two participants alike', () => {
    const distinct = new Set(images.map((name) => one.get(name)!.toString('base64')));
    expect(distinct.size).toBe(4);
  });
});

describe('options', () => {
  it('strength 0 leaves AD as it is', () => {
    const none = summarise(simulateCohort(freshFolder(), { ...small, strength: 0 })).people;
    const some = summarise(simulateCohort(freshFolder(), small)).people;
    const hippocampus = (people: readonly Summary[], diagnosis: string) =>
      mean(
        people.filter((one) => one.diagnosis === diagnosis).map(({ means }) => means.get('Hippocampus_R')!),
      );
    expect(hippocampus(none, 'CN')).toBe(hippocampus(some, 'CN'));
    expect(hippocampus(some, 'AD') / hippocampus(none, 'AD')).toBeLessThan(0.85);
  });

  it('regions chooses where the atrophy is', () => {
    const folder = freshFolder();
    const { plantedRegions } = simulateCohort(folder, { ...small, regions: ['Precuneus_R', 'Precuneus_R'] });
    expect(plantedRegions).toEqual(['Precuneus_R']);
    const truth = JSON.parse(readFileSync(path.join(folder, 'truth.json'), 'utf8'));
    expect(Object.keys(truth.participants.at(-1).losses)).toEqual(['Precuneus_R']);
  });

  it.each([
    [4.5, [41, 49, 41]],
    [3, [61, 73, 61]],
    [2, [91, 109, 91]],
  ])('resolution %s mm samples the same box', (resolution, shape) => {
    const simulated = simulateCohort(freshFolder(), { ...small, participantsPerClass: 1, resolution });
    const { atlas, people } = summarise(simulated);
    expect(atlas.grid.shape).toEqual(shape);
    expect(toWorld(atlas.grid, shape[0] - 1, shape[1] - 1, shape[2] - 1)).toEqual([-90, 90, 108]);
    for (const { maximum } of people) expect(maximum).toBeGreaterThanOrEqual(0.95);
  });

  it('reports progress after every participant', () => {
    const reports: [number, number][] = [];
    simulateCohort(freshFolder(), small, (done, total) => reports.push([done, total]));
    expect(reports).toEqual([1, 2, 3, 4].map((done) => [done, 4]));
  });

  it.each<[string, Partial<SimulateOptions>, RegExp]>([
    ['no participants', { participantsPerClass: 0 }, /participants per class: is 0/],
    ['half a participant', { participantsPerClass: 1.5 }, /participants per class: is 1.5/],
    ['a negative strength', { strength: -0.1 }, /strength: is -0.1/],
    ['a strength that is not a number', { strength: Number.NaN }, /strength: is NaN/],
    ['too much atrophy', { strength: 0.9 }, /strength: is 0.9/],
    ['an odd resolution', { resolution: 5 }, /resolution: is 5 mm/],
    ['a negative seed', { seed: -1 }, /seed: is -1/],
    ['no regions', { regions: [] }, /regions: is an empty list/],
    ['an unknown region', { regions: ['Hipocampus_L'] }, /"Hipocampus_L".*nearest are Hippocampus_L/],
    ['half a name', { regions: ['precun'] }, /nearest are Precuneus_L, Precuneus_R/],
  ])('refuses %s', (_, bad, message) => {
    const folder = freshFolder();
    const attempt = () => simulateCohort(folder, { ...small, ...bad });
    expect(attempt).toThrow(InputError);
    expect(attempt).toThrow(message);
    expect(existsSync(folder)).toBe(false);
  });

  it('refuses participants whose names no file system takes, before it writes anything', () => {
    const folder = freshFolder();
    const site = { prefix: 'x'.repeat(220), gamma: 1, smoothing: 0, warp: 1 };
    expect(() => simulateCohort(folder, { ...small, site })).toThrow(/the name has 2\d\d bytes/);
    expect(existsSync(path.join(folder, 'truth.json'))).toBe(false);
  });

  it('refuses a folder that holds a cohort, unless asked to overwrite it', () => {
    const folder = freshFolder();
    simulateCohort(folder, { ...small, participantsPerClass: 1 });
    const again = { ...small, participantsPerClass: 1, seed: 5 };
    expect(() => simulateCohort(folder, again)).toThrow(/contains cohort\.tsv already.*--overwrite/);
    simulateCohort(folder, { ...again, overwrite: true });
    expect(JSON.parse(readFileSync(path.join(folder, 'truth.json'), 'utf8')).seed).toBe(5);
  });
});

describe('a template in place of the formula', () => {
  const template = {
    image: referenceFile('gm_icbm152_2009a_sym_1p5mm_uint8slope.nii.gz'),
    atlas: referenceFile('atlas-AAL2_dseg.nii.gz'),
    labels: referenceFile('atlas-AAL2_dseg.tsv'),
  };

  it.skipIf(noReference)('gives maps like it, with atrophy where its atlas has the regions', () => {
    const simulated = simulateCohort(freshFolder(), { ...small, template });
    const { atlas, people } = summarise(simulated);
    const given = readAtlas(template.atlas, template.labels);
    expect(atlas.regions).toEqual(given.regions);
    expect(Buffer.from(atlas.labels.buffer).equals(Buffer.from(given.labels.buffer))).toBe(true);
    for (const { maximum } of people) expect(maximum).toBeGreaterThanOrEqual(0.95);
    const ratio = (name: string) =>
      mean(people.slice(2).map(({ means, total }) => means.get(name)! / total)) /
      mean(people.slice(0, 2).map(({ means, total }) => means.get(name)! / total));
    expect(mean(defaultRegions.map(ratio))).toBeLessThan(0.82);
  });

  it.skipIf(noReference)('is refused with an atlas of another grid', () => {
    const { atlas, labels } = simulateCohort(freshFolder(), { ...small, participantsPerClass: 1 });
    const options = { ...small, template: { ...template, atlas, labels } };
    expect(() => simulateCohort(freshFolder(), options)).toThrow(
      /another grid than the template: 31 x 37 x 31/,
    );
  });

  it('is refused when it is no probability map', () => {
    const { atlas, labels } = simulateCohort(freshFolder(), { ...small, participantsPerClass: 1 });
    const options = { ...small, template: { image: atlas, atlas, labels } };
    expect(() => simulateCohort(freshFolder(), options)).toThrow(/no gray-matter probability map/);
  });

  it('can itself be a simulated map, whatever its grid', () => {
    const first = simulateCohort(freshFolder(), { ...small, participantsPerClass: 1 });
    const [{ path: image }] = readCohort(first.cohort, ['CN', 'AD']).sessions;
    const options = { ...small, template: { image, atlas: first.atlas, labels: first.labels } };
    const { atlas } = summarise(simulateCohort(freshFolder(), options));
    expect(atlas.grid.shape).toEqual([31, 37, 31]);
  });
});

function centersOf(atlas: Atlas): Map<string, [number, number, number]> {
  const sums = new Map<number, [number, number, number, number]>();
  const [nx, ny, nz] = atlas.grid.shape;
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++, i++) {
        const [mx, my, mz] = toWorld(atlas.grid, x, y, z);
        const held = sums.get(atlas.labels[i]) ?? [0, 0, 0, 0];
        sums.set(atlas.labels[i], [held[0] + mx, held[1] + my, held[2] + mz, held[3] + 1]);
      }
    }
  }
  return new Map(
    atlas.regions.map(({ value, name }) => {
      const [x, y, z, count] = sums.get(value)!;
      return [name, [x / count, y / count, z / count]];
    }),
  );
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const centered = (values: readonly number[]) => values.map((value) => value - mean(values));
  const [u, v] = [centered(a), centered(b)];
  const dot = (p: readonly number[], q: readonly number[]) => sum(p.map((value, i) => value * q[i]));
  return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
}

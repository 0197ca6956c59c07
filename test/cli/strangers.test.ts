import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { collectPrinted, printed } from './printed.ts';
import { type Case, commandsOf, fileCommandsOf } from './strangers/commands.ts';
import { makeInputs } from './strangers/inputs.ts';
import { addStrangers, changes, filesIn, inTheWay, makeOutside, snapshot } from './strangers/strangers.ts';

const inputs = await makeInputs();
const outside = path.join(inputs.folder, 'outside');
makeOutside(outside);
collectPrinted();
afterAll(() => rmSync(inputs.folder, { recursive: true }));

/** A new folder with what the command reads. */
function prepared({ name, setup }: Case, purpose: string): string {
  const folder = path.join(inputs.folder, `${name.replace(/\W+/g, '-')}.${purpose}`);
  mkdirSync(folder);
  setup?.(folder);
  return folder;
}

async function run(one: Case, folder: string, ...more: string[]): Promise<number> {
  printed.err = '';
  return main([...one.words(folder), '--quiet', ...(one.later ?? []), ...more]);
}

/** The run that writes more than the later ones. */
function runFirst(one: Case, folder: string): Promise<number> {
  return run({ ...one, later: one.first ?? [] }, folder);
}

/** Names of the files that a command has left, in an order that does not depend on the file system. */
function results(folder: string, before: ReadonlyMap<string, string>): string[] {
  return filesIn(snapshot(folder))
    .filter((name) => !before.has(name))
    .sort();
}

describe.each(commandsOf(inputs))('$name', (one) => {
  let written = one.written ?? [];

  it.skipIf(one.written)(
    'leaves what it did not write as it was, replaces its own files, and removes those that are left over',
    async () => {
      const folder = prepared(one, 'full');
      for (const place of one.places ?? ['out']) {
        mkdirSync(path.join(folder, place), { recursive: true });
        addStrangers(path.join(folder, place), outside);
      }
      const before = snapshot(folder);
      const beforeOutside = snapshot(outside);
      const unchanged = () =>
        expect([...changes(before, folder), ...changes(beforeOutside, outside)]).toEqual([]);

      expect(await runFirst(one, folder), printed.err).toBe(0);
      unchanged();
      for (const name of results(folder, before)) appendFileSync(path.join(folder, name), '!');
      const tampered = snapshot(folder);

      await runFirst(one, folder);
      expect(changes(tampered, folder)).toEqual([]);
      expect(printed.err).toMatch(/contains|has been changed/);

      expect(await run(one, folder, '--overwrite'), printed.err).toBe(0);
      unchanged();
      written = results(folder, before);
      for (const name of written) expect(snapshot(folder).get(name), name).not.toBe(tampered.get(name));

      if (!one.first) return;
      const clean = prepared(one, 'clean');
      const empty = snapshot(clean);
      expect(await run(one, clean), printed.err).toBe(0);
      expect(written).toEqual(results(clean, empty));
    },
  );

  it('refuses, before it computes, each of its files whose place is taken', async () => {
    const folder = prepared(one, 'taken');
    const early = one.gpu ? ['--adapter', 'none of these'] : []; // it would fail otherwise as soon as it opens the GPU
    const overwrite = one.unasked ? [] : ['--overwrite'];
    const refused = async (name: string, ...more: string[]) => {
      const before = snapshot(folder);
      expect(await run(one, folder, ...early, ...more), name).toBe(1);
      expect(printed.err, name).toContain(name);
      expect(changes(before, folder), name).toEqual([]);
      expect(filesIn(snapshot(folder)).length, `${name} ${printed.err}`).toBe(filesIn(before).length);
    };
    expect(written.length).toBeGreaterThan(0);
    for (const [i, name] of written.entries()) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      inTheWay[i % inTheWay.length](file, outside);
      if (i === 0) await refused(name);
      await refused(name, ...overwrite);
      rmSync(file, { recursive: true });
    }
    const folders = new Set(written.map((name) => path.dirname(name)));
    for (const name of folders) {
      const place = path.join(folder, name);
      if (name === 'out' || !lstatSync(place, { throwIfNoEntry: false })) continue;
      rmSync(place, { recursive: true });
      symlinkSync(path.join(outside, 'folder'), place);
      await refused(name, ...overwrite);
      rmSync(place);
      mkdirSync(place);
    }
  });
});

describe.each(fileCommandsOf(inputs))('$name --out FILE', (one) => {
  it('writes one file, which it replaces only when told to, and touches nothing beside it', async () => {
    const folder = prepared(one, 'file');
    const out = path.join(folder, 'out');
    const file = path.join(out, 'result.nii.gz');
    mkdirSync(out);
    addStrangers(out, outside);
    const before = snapshot(folder);
    writeFileSync(file, 'mine');
    expect(await run(one, folder)).toBe(1);
    expect(printed.err).toContain('result.nii.gz: exists already');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    rmSync(file);
    symlinkSync('nowhere', file);
    expect(await run(one, folder)).toBe(1);
    expect(await run(one, folder, '--overwrite'), printed.err).toBe(0);
    expect(lstatSync(file).isFile()).toBe(true);
    expect(changes(before, folder)).toEqual([]);
    expect(results(folder, before)).toEqual(['out/result.nii.gz']);
  });
});

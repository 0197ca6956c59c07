import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { commandOptions } from '../../cli/command-options.ts';
import { commands } from '../../cli/commands/index.ts';
import { writeReport } from '../../cli/jobs/report/index.ts';
import { LeakError } from '../../cli/jobs/report/leaks.ts';
import { called, dateOf, type Names, names, type Spec, specs } from './anonymous-names.ts';
import { writeStudy } from './anonymous-study.ts';

/** Where a text is set, a reader of the report passes it on as it stands, as a bug would. */
const leak = vi.hoisted(() => ({ text: null as string | null }));
vi.mock('../../cli/jobs/report/planted.ts', async (original) => {
  const { readPlantedRegions } = await original<typeof import('../../cli/jobs/report/planted.ts')>();
  type Read = typeof readPlantedRegions;
  return {
    readPlantedRegions: (...given: Parameters<Read>) =>
      leak.text === null ? readPlantedRegions(...given) : [leak.text],
  };
});

const folder = mkdtempSync(path.join(os.tmpdir(), 'voxmask-anonymous-'));
const anonymous = commandOptions(commands);
const { hostname } = os;

afterEach(() => {
  leak.text = null;
  os.hostname = hostname;
  syncBuiltinESMExports();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every file of the anonymous report of a study, by its name. */
function reportOf(spec: Spec, given: Names): Map<string, Buffer> {
  const parent = mkdtempSync(path.join(folder, 'study-'));
  os.hostname = () => given.host;
  syncBuiltinESMExports();
  const out = path.join(parent, 'out', 'page.html');
  writeReport({
    directory: writeStudy(parent, spec, given),
    out,
    anonymous,
    background: null,
    overwrite: false,
  });
  const all = readdirSync(path.dirname(out), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => path.join(parentPath, name));
  const files = new Map(all.map((file) => [path.relative(parent, file), readFileSync(file)]));
  rmSync(parent, { recursive: true });
  return files;
}

describe('an anonymous report', () => {
  it('is the same whatever participants, sessions, cohorts, folders and the host are called', () => {
    fc.assert(
      fc.property(specs, names, names, (spec, one, other) => {
        const [first, second] = [reportOf(spec, one), reportOf(spec, other)];
        expect([...second.keys()].sort()).toEqual([...first.keys()].sort());
        for (const [name, bytes] of first) {
          if (bytes.equals(second.get(name)!)) continue;
          expect(second.get(name)!.toString(), name).toBe(bytes.toString());
        }
        const ids = called(spec, one);
        const told = [
          ...[ids[0], one.study, one.cohort, one.stage, one.map, one.comparison].filter((id) =>
            /^[qxzjkwv]{10,}/.test(id),
          ),
          ...spec.visits.flatMap((count, i) =>
            Array.from({ length: count }, (_, visit) => dateOf(one, i, visit)),
          ),
        ];
        for (const [name, bytes] of first)
          for (const text of told)
            expect(name.includes(text) || bytes.includes(text), `${text} in ${name}`).toBe(false);
      }),
      { numRuns: 100 }, // of two studies each
    );
  });

  it('is not written with a text that a reader passes on as it stands', () => {
    const [[spec, given]] = fc.sample(fc.tuple(specs, names), { numRuns: 1, seed: 1 });
    const directory = writeStudy(path.join(folder, 'leaking'), spec, given);
    const out = path.join(folder, 'leak.html');
    leak.text = given.participants[0];
    expect(() => writeReport({ directory, out, anonymous, background: null, overwrite: false })).toThrow(
      LeakError,
    );
    expect([out, path.join(folder, 'leak_files')].filter(existsSync)).toEqual([]);
  });
});

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const program = path.resolve('dist/cli/main.js');

const tiny = `
name: tiny
cohorts:
  train: { name: one, simulate: { participants: 8, resolution: 6, strength: 0.7 } }
split: { test: false, folds: { folds: 2 } }
runs: 1
train: { channels: [4, 8], sub-blocks: [1, 1], epochs: 15, batch-size: 4, learning-rate: 0.005, dropout: 0 }
grid: false
masks: { group: { steps: 2 }, session: false }
compare: { prob-cnn: false }
`;

let kill = () => {};
afterEach(() => kill());

function folderWith(text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-study-'));
  writeFileSync(path.join(folder, 'study.yaml'), text);
  return folder;
}

function study(folder: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'study', 'study.yaml', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const done = (folder: string): string[] => {
  const records = path.join(folder, 'tiny', 'units');
  if (!existsSync(records)) return [];
  return readdirSync(records).filter(
    (name) =>
      name.endsWith('.json') && JSON.parse(readFileSync(path.join(records, name), 'utf8')).status === 'done',
  );
};

/** Processes that hold a folder of the study. */
function locks(folder: string): number[] {
  return readdirSync(path.join(folder, 'tiny'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.voxmask/lock'))
    .map((file) => JSON.parse(readFileSync(path.join(folder, 'tiny', file), 'utf8').split('\n')[0]).pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a study', () => {
  const folder = folderWith(tiny);

  it('that is killed goes on with the units that are left, and is then done', async () => {
    const child = spawn(process.execPath, [program, 'study', 'study.yaml', '--quiet'], { cwd: folder });
    kill = () => child.kill('SIGKILL');
    while (done(folder).length < 4) await new Promise((resolve) => setTimeout(resolve, 50));
    kill();
    await new Promise((resolve) => child.on('close', resolve));
    const before = done(folder).map((name) => ({
      name,
      time: statSync(path.join(folder, 'tiny', 'units', name)).mtimeMs,
    }));
    // the command under way ends with the study, as soon as it hears of it
    while (locks(folder).some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 50));
    const again = study(folder, '--json');
    expect(again.stderr).not.toContain('failed');
    expect(again.status).toBe(0);
    for (const { name, time } of before)
      expect(statSync(path.join(folder, 'tiny', 'units', name)).mtimeMs, name).toBe(time);
    const { units, report } = JSON.parse(again.stdout);
    expect(readFileSync(report, 'utf8')).not.toContain('id="progress"');
    expect(units.every(({ status }: { status: string }) => status === 'done')).toBe(true);
    const state = JSON.parse(readFileSync(path.join(folder, 'tiny', 'study.json'), 'utf8'));
    expect(state.units).toEqual(units);

    const third = study(folder);
    expect(third.status).toBe(0);
    expect(third.stdout.match(/done before/g)).toHaveLength(units.length);
  });

  it('names what failed with its command, and leaves what does not need it', () => {
    writeFileSync(path.join(folder, 'study.yaml'), tiny.replace('steps: 2', 'steps: 2, mu: missing.nii.gz'));
    const { status, stderr, stdout } = study(folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(/mask\/one-0-0 failed:[\s\S]*missing\.nii\.gz/);
    expect(stderr).toMatch(/voxmask mask group --model train\/split-0\/run-0/);
    expect(stderr).toMatch(/Not run, since they need what failed: compare\/folds/);
    expect(stdout).toMatch(/evaluate\/validation +E1 +done before/);
    const page = readFileSync(path.join(folder, 'tiny', 'report.html'), 'utf8');
    expect(page).toMatch(/failed<\/strong>: Group mask of fold 0/);
  });

  it('runs one unit for other schedulers, once what it needs is done', () => {
    const other = folderWith(tiny);
    const early = study(other, '--unit', 'cohort-one/check');
    expect(early.status).toBe(1);
    expect(early.stderr).toMatch(/needs cohort-one\/simulate, not done yet/);
    expect(study(other, '--unit', 'cohort-one/simulate').status).toBe(0);
    expect(study(other, '--unit', 'cohort-one/check').status).toBe(0);
    expect(study(other, '--unit', 'nothing').stderr).toMatch(/has no unit nothing/);
  });

  it('estimates what it would take, and runs nothing', () => {
    const other = folderWith(tiny);
    const { status, stdout } = study(other, '--dry-run', '--json');
    expect(status).toBe(0);
    const { units } = JSON.parse(stdout);
    const training = units.find(({ id }: { id: string }) => id === 'train/fold-0');
    expect(training.load.images).toBe(120); // fifteen epochs of half of the 16 sessions
    expect(training.estimate.seconds).toBeGreaterThan(0);
    expect(existsSync(path.join(other, 'tiny'))).toBe(false);
  });
});

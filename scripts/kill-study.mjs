// Kills a small study again and again, at random moments and at chosen ones (its lock, a checkpoint, its report), under two
// host names in turn where `unshare` allows that; or lets it run on a disk that is full ten times. Then it checks that the study
// comes to its end with the files of one that ran through: node scripts/kill-study.mjs [--kills 20] [--full 10] [--seed 1].
// The full disk needs root: it is a small file system of its own. Needs the build.
import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mersenne } from 'pure-rand/generator/mersenne';
import { filesIn, lasting, torn } from './result-files.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    full: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
});
const generator = mersenne(Number(values.seed));
const random = () => (generator.next() >>> 0) / 2 ** 32;
const main = path.resolve(import.meta.dirname, '../dist/cli/main.js');
const base = mkdtempSync(path.join(tmpdir(), 'voxmask-kill-study-'));
const study = `
name: tiny
cohorts:
  train: { name: one, simulate: { participants: 8, resolution: 6, strength: 0.7 } }
split: { test: false, folds: { folds: 2 } }
runs: 1
train: { channels: [4, 8], sub-blocks: [1, 1], epochs: 8, batch-size: 4, learning-rate: 0.005, dropout: 0, checkpoint-every: 0 }
grid: false
masks: { group: { steps: 40 }, session: { steps: 20 } }
compare: { prob-cnn: true }
`;
const faults = [];
const log = (text) => process.stderr.write(`${text}\n`);

function folderFor(name) {
  const folder = path.join(base, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'study.yaml'), study);
  return folder;
}

const canRename = spawnSync('unshare', ['--uts', 'true']).status === 0;

/** Starts the study, in a process group of its own. */
function start(folder, host = null) {
  const command = [process.execPath, main, 'study', 'study.yaml', '--quiet'];
  const words =
    host === null || !canRename
      ? command
      : ['unshare', '--uts', 'sh', '-c', `hostname ${host}; exec "$@"`, 'sh', ...command];
  const child = spawn(words[0], words.slice(1), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
  return { child, ended };
}

/** Process ids in the locks of a study's folders. */
function holders(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.voxmask/lock'));
  return files.flatMap((file) => {
    try {
      return [JSON.parse(readFileSync(path.join(folder, file), 'utf8').split('\n')[0]).pid];
    } catch {
      return []; // released just now
    }
  });
}

function killAll(folder, child) {
  child.kill('SIGKILL');
  for (const pid of holders(folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // it has ended
  }
}

/** Moments to kill at, besides random ones: as soon as such a file is there, or being written. */
const moments = {
  lock: (files) => files.some((file) => file.endsWith('.voxmask/lock')),
  checkpoint: (files) => files.some((file) => /checkpoint\.safetensors$/.test(file)),
  writing: (files) => files.some((file) => file.endsWith('.part')),
  report: (files) => files.some((file) => file.includes('report_files')),
};

function compare(folder, whole) {
  const [found, wanted] = [folder, whole].map((root) => filesIn(path.join(root, 'tiny')));
  for (const file of wanted.filter((one) => !found.includes(one)))
    faults.push(`${folder}: ${file} is missing`);
  for (const file of found.filter((one) => !wanted.includes(one)))
    faults.push(`${folder}: ${file} is too many`);
  let alike = 0;
  for (const file of found.filter((one) => wanted.includes(one))) {
    const fault = torn(path.join(folder, 'tiny', file));
    if (fault) faults.push(`${folder}: ${file} is torn: ${fault}`);
    else if (lasting(path.join(folder, 'tiny'), file) !== lasting(path.join(whole, 'tiny'), file))
      faults.push(`${folder}: ${file} differs`);
    else alike++;
  }
  return alike;
}

const tally = { kills: { random: 0 }, full: 0, alike: [] };
try {
  const whole = folderFor('whole');
  const begun = Date.now();
  const first = await start(whole).ended;
  if (first.code !== 0) throw new Error(`the study ended with ${first.code}: ${first.said}`);
  const length = Date.now() - begun;
  log(`one study: ${(length / 1000).toFixed(0)} s, ${filesIn(path.join(whole, 'tiny')).length} files`);

  const kinds = ['random', 'lock', 'random', 'checkpoint', 'random', 'writing', 'random', 'report'];
  const killed = folderFor('killed');
  for (let kill = 0; kill < Number(values.kills); ) {
    const kind = kinds[kill % kinds.length];
    const { child, ended } = start(killed, ['node-a', 'node-b'][kill % 2]);
    const started = Date.now();
    const most = kind === 'random' ? (length / 3) * random() : Number.POSITIVE_INFINITY;
    const there = new Set(filesIn(killed));
    while (child.exitCode === null && Date.now() - started < most) {
      await pause(2);
      if (kind === 'random') continue;
      const files = readdirSync(killed, { recursive: true });
      if (moments[kind](files.filter((file) => !there.has(file)))) break;
    }
    killAll(killed, child);
    const { code, said } = await ended;
    if (code !== null && code !== 0 && code !== 137) throw new Error(`the study ended with ${code}: ${said}`);
    if (code === 0) {
      // It was faster: what is left of the kills goes to a new one.
      tally.alike.push(compare(killed, whole));
      rmSync(killed, { recursive: true });
      folderFor('killed');
      continue;
    }
    kill++;
    tally.kills[kind] = (tally.kills[kind] ?? 0) + 1;
    log(`kill ${kill}: ${kind}, after ${Date.now() - started} ms`);
  }
  for (const [i, host] of ['node-a', 'node-b'].entries()) {
    const last = await start(killed, host).ended;
    if (last.code !== 0) throw new Error(`the killed study ended with ${last.code}: ${last.said}`);
    if (i === 0) tally.alike.push(compare(killed, whole));
  }

  const disk = path.join(base, 'disk');
  mkdirSync(disk);
  const size = (bytes, more = []) =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', [...more, `size=${bytes}`].join(','), 'tmpfs', disk]);
  if (size(200_000).status !== 0) log('the full disk is left out: it needs root');
  else {
    try {
      const folder = folderFor('disk/full');
      for (;;) {
        const { code, said } = await start(folder).ended;
        if (code === 0) break;
        if (!/disk is full|ended with|fail/i.test(said)) throw new Error(`on a full disk it said: ${said}`);
        if (++tally.full > 200) throw new Error(`it does not end: ${said}`);
        const { blocks, bsize } = statfsSync(disk);
        const room = tally.full < Number(values.full) ? Math.round(10_000 + 90_000 * random()) : 1e8;
        log(`full disk ${tally.full}: ${said.trim().split('\n').at(-1).slice(-160)}`);
        size(blocks * bsize + room, ['remount']);
      }
      tally.alike.push(compare(folder, whole));
    } finally {
      spawnSync('umount', ['-l', disk]);
    }
  }
} finally {
  if (faults.length === 0) rmSync(base, { recursive: true, force: true });
}
console.log(JSON.stringify({ ...tally, faults }, null, 2));
process.exitCode = faults.length > 0 ? 1 : 0;

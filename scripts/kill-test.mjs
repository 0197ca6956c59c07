// Kills a training at random moments until it has been killed so many times, and checks that no file is torn and that it ends
// with the bytes of one that was never interrupted: node scripts/kill-test.mjs [--kills 200] [--seed 1]. Needs the build.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mersenne } from 'pure-rand/generator/mersenne';
import { filesIn, lasting, orphansIn, torn } from './result-files.mjs';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
});
const wanted = Number(values.kills);
const generator = mersenne(Number(values.seed));
const random = () => (generator.next() >>> 0) / 2 ** 32;

const main = path.resolve(import.meta.dirname, '../dist/cli/main.js');
const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-kills-'));
const at = (...names) => path.join(folder, ...names);
const run = (name) => at(name, 'split-0', 'run-0');
const checkpoint = (name) => path.join(run(name), 'checkpoint.safetensors');
const options = [
  ...['--channels', '4,8', '--sub-blocks', '1,2', '--folds', '3', '--batch-size', '2', '--epochs', '12'],
  ...['--learning-rate', '1e-3', '--patience', '100', '--checkpoint-every', '0', '--quiet'],
];

function start(words) {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const ended = new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, said }));
  });
  return { child, ended };
}

const train = (name) => start(['train', at('cohort/cohort.tsv'), '--out', at(name), ...options]);

async function finish(words) {
  const { code, said } = await start(words).ended;
  if (code !== 0) throw new Error(`${words[0]} ended with ${code}: ${said}`);
}

const faults = [];
const tally = {
  kills: 0,
  trainings: 0,
  beforeCheckpoint: 0,
  training: 0,
  results: 0,
  orphans: 0,
  mostOrphans: 0,
};
try {
  await finish(['simulate', at('cohort'), '--participants', '6', '--quiet']);
  const begun = Date.now();
  await finish(['train', at('cohort/cohort.tsv'), '--out', at('whole'), ...options]);
  const whole = Date.now() - begun;
  const files = filesIn(run('whole'));
  while (tally.kills < wanted) {
    const name = `killed-${tally.trainings++}`;
    let latency = whole / 2; // from a start to its first new checkpoint, in ms
    for (let finished = false; !finished; ) {
      const before = statSync(checkpoint(name), { throwIfNoEntry: false })?.mtimeMs;
      const { child, ended } = train(name);
      const started = Date.now();
      const most = tally.kills < wanted ? 2 * latency * random() : Number.POSITIVE_INFINITY;
      let first = null;
      while (child.exitCode === null && Date.now() - started < most) {
        await pause(Math.max(0, Math.min(5, most - (Date.now() - started))));
        const now = statSync(checkpoint(name), { throwIfNoEntry: false })?.mtimeMs;
        if (first === null && now !== undefined && now !== before) first = Date.now() - started;
      }
      if (first !== null) latency = (latency + first) / 2;
      child.kill('SIGKILL');
      const { code, said } = await ended;
      if (code === 0) finished = true;
      else if (code !== null) throw new Error(`the training ended with ${code}: ${said}`);
      else {
        tally.kills++;
        const left = filesIn(at(name));
        const orphans = orphansIn(at(name)).length;
        tally.orphans += orphans;
        tally.mostOrphans = Math.max(tally.mostOrphans, orphans);
        if (left.some((file) => file.includes('training_logs'))) tally.results++;
        else if (existsSync(checkpoint(name))) tally.training++;
        else tally.beforeCheckpoint++;
        for (const file of left) {
          const fault = torn(at(name, file));
          if (fault) faults.push(`kill ${tally.kills}: ${file} is torn: ${fault}`);
        }
        if (orphans > 1) faults.push(`kill ${tally.kills}: ${orphans} orphans`);
        process.stderr.write(`\r${tally.kills} kills, ${faults.length} faults`);
      }
    }
    const ended = filesIn(run(name));
    if (ended.join() !== files.join()) faults.push(`${name} has other files: ${ended.join(', ')}`);
    for (const file of files) {
      if (!ended.includes(file)) continue;
      if (lasting(run(name), file) !== lasting(run('whole'), file))
        faults.push(`${name}: ${file} differs from the uninterrupted training's`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stderr.write('\n');
console.log(JSON.stringify({ ...tally, faults }, null, 2));
process.exitCode = faults.length > 0 ? 1 : 0;

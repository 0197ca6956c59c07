// Runs every experiment once on a small simulated cohort and notes the SHA-256 of each file of results, without times and paths.
// Two builds that write the same list on the same adapter compute the same bits:
//   node scripts/golden.mjs --cli OLD/dist/cli/main.js --write before.json
//   node scripts/golden.mjs --against before.json
// Needs the build. --backend and --adapter choose what computes, as for every command.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { filesIn, lasting } from './result-files.mjs';

const { values } = parseArgs({
  options: {
    cli: { type: 'string', default: path.resolve(import.meta.dirname, '../dist/cli/main.js') },
    write: { type: 'string' },
    against: { type: 'string' },
    adapter: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-golden-'));
const blocks = ['--channels', '4,8', '--sub-blocks', '1,1'];
const training = [...blocks, ...'--epochs 10 --batch-size 4 --learning-rate 0.005 --dropout 0'.split(' ')];
const model = ['--model', 'trained', '--cohort', 'made/cohort.tsv'];
const atlas = ['--atlas', 'made/atlas.nii.gz', '--labels', 'made/atlas.tsv'];
const cohort = ['--participants', '10', '--resolution', '6', '--strength', '0.7'];
const few = ['--epochs', '2'];

/** Each experiment as one command line; later ones use what earlier ones wrote. */
const commands = [
  ['simulate', 'made', ...cohort],
  ['simulate', 'other', ...cohort, '--seed', '5', '--prefix', 'other'],
  ['cohort', 'check', 'made/cohort.tsv', '--out', 'checked'],
  ['train', 'made/cohort.tsv', '--out', 'trained', '--folds', '2', '--fold', '0', ...training],
  ['train', 'made/cohort.tsv', '--out', 'second', '--folds', '2', '--fold', '1', ...training],
  ['evaluate', 'other/cohort.tsv', '--model', 'trained,second', '--out', 'tested'],
  ['mask', 'group', ...model, '--out', 'group', '--epochs', '4', ...atlas],
  ['mask', 'group', '--model', 'second', '--cohort', 'made/cohort.tsv', '--out', 'group2', '--epochs', '4'],
  ['mask', 'session', ...model, '--out', 'sessions', '--steps', '20'],
  ['compare', 'group', 'group2', '--out', 'compared', ...atlas],
  ['explain', ...model, '--out', 'explained', '--samples', '3', ...atlas],
  ['validate', 'group', ...model, '--out', 'validated', ...atlas],
  ['sanity', ...model, '--out', 'sane', ...few, ...atlas],
  ['grid', 'grid.yaml', ...model, '--out', 'grid', ...few, ...atlas],
  ['feedback', ...model, '--mask', 'group', '--out', 'fed', ...few, ...atlas],
  ['pretrain', 'made/cohort.tsv', '--out', 'pretrained', ...few, ...blocks],
  ['search', 'made/cohort.tsv', '--out', 'searched', '--samples', '2', ...few],
];
const grid = 'stages:\n  - { name: beta, vary: { beta1: [0.1, 1] } }\n';
writeFileSync(path.join(folder, 'grid.yaml'), grid);

const adapter = values.adapter ? ['--adapter', values.adapter] : [];
for (const words of commands) {
  const computes = !['simulate', 'cohort'].includes(words[0]);
  const line = [values.cli, ...words, ...(computes ? adapter : []), '--quiet'];
  const { status, stderr } = spawnSync(process.execPath, line, { cwd: folder, encoding: 'utf8' });
  process.stderr.write(`${words.slice(0, 2).join(' ')}: ${status}\n`);
  if (status !== 0) throw new Error(`${words.join(' ')} failed in ${folder}:\n${stderr}`);
}

const found = {};
for (const name of filesIn(folder)) {
  const content = lasting(folder, name);
  if (content !== null) found[name] = createHash('sha256').update(content).digest('hex');
}
if (!values.keep) rmSync(folder, { recursive: true });
else process.stderr.write(`kept ${folder}\n`);

if (values.write) writeFileSync(values.write, `${JSON.stringify(found, null, 1)}\n`);
if (values.against) {
  const before = JSON.parse(readFileSync(values.against, 'utf8'));
  const names = [...new Set([...Object.keys(before), ...Object.keys(found)])].sort();
  const differing = names.filter((name) => before[name] !== found[name]);
  for (const name of differing)
    process.stdout.write(
      `${name}: ${!(name in before) ? 'new' : !(name in found) ? 'missing' : 'differs'}\n`,
    );
  process.stdout.write(`${names.length - differing.length} of ${names.length} files are the same\n`);
  process.exitCode = differing.length > 0 ? 1 : 0;
}

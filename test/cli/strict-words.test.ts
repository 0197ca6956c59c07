import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withoutDashes } from '../../cli/after-dashes.ts';
import { declaredOptions, leafCommands } from '../../cli/command-tree.ts';
import { commands } from '../../cli/commands/index.ts';
import { main } from '../../cli/run.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-strict-'));
const absent = path.join(folder, 'absent');
afterAll(() => rmSync(folder, { recursive: true }));
collectPrinted();

/** Every command with its options, and a command line of it whose arguments name nothing that exists. */
const cases = leafCommands(commands).map(({ name, command }) => {
  const options = declaredOptions(command);
  const places = [...String(command.command).matchAll(/</g)].map(() => absent);
  const required = (given: string) =>
    [...options.required].filter((option) => option !== given).flatMap((option) => [`--${option}`, absent]);
  const words = (given: string) => [...name.split(' '), ...places, ...required(given), '--quiet'];
  return { name, options, words };
});

/** A command line that is refused: exit code 2, one sentence on standard error, the hint to the command's help. */
async function expectRefusal(words: readonly string[], fault: string, name: string): Promise<void> {
  printed.err = '';
  expect(await main(words), words.join(' ')).toBe(2);
  expect(printed.out).toBe('');
  expect(printed.err).toBe(`voxmask: ${fault}\nSee: voxmask ${name} --help\n`);
}

const each = cases.flatMap(({ name, options, words }) =>
  options.names.map((option) => ({ name, option, options, words: words(option) })),
);
const numeric = each.filter(({ option, options }) => options.numbers.has(option));

it('covers every command', () => {
  expect(cases.length).toBeGreaterThan(25);
  expect(each.length).toBeGreaterThan(300);
  expect(numeric.length).toBeGreaterThan(90);
});

describe.each(cases)('voxmask $name', ({ name, options, words }) => {
  const names = options.names;
  const valued = names.filter((option) => !options.booleans.has(option));

  it('takes no empty value for any option', async () => {
    for (const option of names) {
      const fault = `--${option} needs a value`;
      await expectRefusal([...words(option), `--${option}=`], fault, name);
      await expectRefusal([...words(option), `--${option}= \t`], fault, name);
    }
    for (const option of valued) {
      const fault = `--${option} needs a value`;
      await expectRefusal([...words(option), `--${option}`, ''], fault, name);
      await expectRefusal([...words(option), `--${option}`, '  '], fault, name);
      await expectRefusal([...words(option), `--${option}`], fault, name);
      await expectRefusal([...words(option), `--${option}`, '--json'], fault, name);
    }
  });

  it('takes every option once, unless it is declared repeatable', async () => {
    for (const option of names) {
      const value = options.numbers.has(option) ? '1' : (options.choices[option]?.[0] ?? 'x');
      const twice = options.booleans.has(option)
        ? [`--${option}`, `--${option}`]
        : [`--${option}`, value, `--${option}=${value}`];
      if (options.repeatable.has(option)) {
        printed.err = '';
        await main([...words(option), ...twice, '--unknown-option']);
        expect(printed.err).toContain('Unknown argument: unknown-option');
      } else await expectRefusal([...words(option), ...twice], `--${option} is given twice`, name);
    }
  });

  it('takes no switch and its opposite, and no other value of a switch', async () => {
    for (const option of options.booleans) {
      const fault = `--${option} and --no-${option} are both given`;
      await expectRefusal([...words(option), `--${option}`, `--no-${option}`], fault, name);
      await expectRefusal(
        [...words(option), `--${option}=maybe`],
        `--${option} is a switch: it takes true or false, not maybe`,
        name,
      );
    }
  });

  it('takes no --no- for an option with a value', async () => {
    for (const option of valued) {
      const fault = `--no-${option} is not possible: --${option} takes a value. Leave it out for its default`;
      await expectRefusal([...words(option), `--no-${option}`], fault, name);
    }
  });

  it('takes no empty argument', async () => {
    const fault = 'an argument is empty. Give a path or a name in its place';
    await expectRefusal([...words(''), ''], fault, name);
    await expectRefusal([...words(''), '--', ' '], fault, name);
  });

  it('takes only numbers where a number is meant', async () => {
    for (const option of options.numbers) {
      for (const word of ['nonsense', '1e', 'NaN', 'Infinity', '1e999', '1,5'])
        await expectRefusal(
          [...words(option), `--${option}`, word],
          `--${option} takes a number, not ${word}`,
          name,
        );
    }
  });

  it('takes no negative number, for nothing here can be less than 0', async () => {
    for (const option of options.numbers) {
      printed.err = '';
      expect(await main([...words(option), `--${option}=-1`]), option).not.toBe(0);
      expect(printed.err).toMatch(new RegExp(`--${option} .*takes `));
      expect(printed.err).not.toMatch(/bug/);
    }
  });
});

it.each([
  ['cohort check', '--minimum', '-0.5', 'a number from 0'],
  ['split test', '--p-value', '1', 'a number from 0 to below 1'],
  ['split test', '--age-tolerance', '-0.5', 'a number from 0'],
  ['split kfold', '--seed', '4294967296', 'a whole number from 0 to 4294967295'],
  ['split kfold', '--folds', '1', 'a whole number from 2'],
  ['pretrain', '--fold', '0.5', 'a whole number from 0'],
  ['pretrain', '--batch-size', '0', 'a whole number from 1'],
  ['train', '--epochs', '9007199254740993', 'a whole number from 1'],
  ['train', '--smoothing', '-1', 'a number of mm from 0'],
  ['mask group', '--area', '1', 'a number above 0 and below 1'],
  ['mask group', '--mask-grid', '5', 'a whole number of voxels from 2 to 4'],
  ['simulate', '--label-noise', '1.01', 'a number from 0 to 1'],
])('voxmask %s %s %s: says what it takes', async (name, option, value, range) => {
  const { words } = cases.find((one) => one.name === name)!;
  await expectRefusal([...words(option.slice(2)), option, value], `${option} takes ${range}`, name);
});

it('proposes the option that was probably meant', async () => {
  const fault = 'Unknown argument: epoch. Did you mean --epochs?';
  await expectRefusal(['train', absent, '--out', absent, '--epoch', '3'], fault, 'train');
  await expectRefusal(
    ['train', absent, '--out', absent, '--seed.x', '3'],
    'Unknown argument: seed.x. Did you mean --seed?',
    'train',
  );
});

it.each([
  ['an option', '--seeed', 'seeed. Did you mean --seed?'],
  ['the one option that begins so', '--ot', 'ot. Did you mean --out?'],
  ['an option of every command', '--qiet', 'qiet. Did you mean --quiet?'],
  ['the opposite of a switch', '--no-jsn', 'no-jsn. Did you mean --no-json?'],
  [
    'no option of one letter',
    '-o',
    '-o. Options have two dashes; a name that begins with a dash comes after --, as in: -- -o',
  ],
])('proposes %s', async (_, word, fault) => {
  await expectRefusal(['train', absent, word], `Unknown argument: ${fault}`, 'train');
});

it('proposes an option where no command is given', async () => {
  printed.err = '';
  expect(await main(['--hlep'])).toBe(2);
  expect(printed.err).toMatch(/^voxmask: Unknown argument: hlep\. Did you mean --help\?\n/);
});

describe('after --', () => {
  const before = process.cwd();
  beforeEach(() => process.chdir(folder));
  afterEach(() => process.chdir(before));

  // it is not what any command reads, and no folder that one could write into
  const file = '-x.tsv';
  writeFileSync(path.join(folder, file), 'neither\n');

  it.each(cases.filter(({ words }) => words('').includes(absent)))(
    'a name that begins with a dash is an argument of $name',
    async ({ name, options }) => {
      const required = [...options.required].flatMap((option) => [`--${option}`, absent]);
      printed.err = '';
      expect(await main([...name.split(' '), ...required, '--quiet', '--', file])).not.toBe(0);
      expect(printed.err).not.toMatch(/argument is missing|Unknown argument|bug/);
    },
  );

  it('is named as it was found', async () => {
    printed.err = '';
    expect(await main(['cohort', 'describe', '--json', '--', file])).toBe(1);
    expect(printed.err).toMatch(/^voxmask: \.\/-x\.tsv: lacks the columns/);
  });

  it.each([
    [
      ['a', '--', '-b', 'c', '--', '--d'],
      ['a', './-b', 'c', './--', './--d'],
    ],
    [
      ['--json', '--', 'true', 'x=-y'],
      ['--json', './true', 'x=-y'],
    ],
    [
      ['--fold', '-1'],
      ['--fold', '-1'],
    ],
  ])('yargs takes nothing for an option: %j', (words, expected) => {
    expect(withoutDashes(words)).toEqual(expected);
  });
});

it('knows an option by its name in camel case too', async () => {
  const words = ['train', absent, '--out', absent, '--batchSize', '2', '--batch-size', '3'];
  await expectRefusal(words, '--batch-size is given twice', 'train');
});

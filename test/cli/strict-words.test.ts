import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

  it('takes every option once, a list as often as one likes', async () => {
    for (const option of names) {
      const value = options.numbers.has(option) ? '1' : (options.choices[option]?.[0] ?? 'x');
      const twice = options.booleans.has(option)
        ? [`--${option}`, `--${option}`]
        : [`--${option}`, value, `--${option}=${value}`];
      if (options.lists.has(option)) {
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
    const fault = `an argument is empty: voxmask ${name} takes no empty path or name`;
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

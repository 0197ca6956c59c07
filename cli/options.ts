import { UsageError } from './fail.ts';

/*
 * Building blocks for a command's options. They refuse what is not of their kind; whether a value makes sense is
 * for the room that uses it to say, in one place for the command line and for programs.
 */

/** A number; `--seed x` and `--seed` without a value are refused. `name` is what the message calls it. */
export function numberOption<T extends object>(name: string, more: T) {
  // nargs rather than requiresArg: without it yargs adds 1 where an option is repeated and its last value is 1
  const option = { type: 'number', nargs: 1, ...more } as const;
  const coerce = (value: number | undefined) => {
    if (value !== undefined && !Number.isFinite(value)) throw new UsageError(`--${name} takes a number`);
    return value;
  };
  // Left out of the type: with it yargs would forget that an option with a default always has a value.
  return { ...option, coerce } as typeof option;
}

/** A text, as a path. */
export function textOption<T extends object>(more: T) {
  return { type: 'string', requiresArg: true, ...more } as const;
}

/** Several texts with commas between; where `severalArguments` holds, in several options too. */
export function listOption<T extends object>(more: T) {
  const coerce = (value: string | string[] | undefined): string[] | undefined =>
    value === undefined
      ? undefined
      : [value]
          .flat()
          .flatMap((text) => text.split(','))
          .map((part) => part.trim())
          .filter((part) => part !== '');
  return { type: 'string', requiresArg: true, coerce, ...more } as const;
}

/** For commands whose results a program may want to read. */
export const jsonOption = {
  type: 'boolean',
  default: false,
  describe: 'Print the results as JSON on standard output',
} as const;

/** For commands with several arguments: where the last of an option's repeats counts, yargs keeps the last argument only. */
export const severalArguments = { 'duplicate-arguments-array': true } as const;

/** With `severalArguments` a repeated option comes as a list of its values. @returns a check for yargs */
export function refuseRepeats(command: string, names: readonly string[]) {
  return (args: Readonly<Record<string, unknown>>): true => {
    const repeated = names.find((name) => Array.isArray(args[name]));
    if (repeated) throw new UsageError(`--${repeated} is given twice`, command);
    return true;
  };
}

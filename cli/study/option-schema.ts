import type { CommandModule } from 'yargs';
import { z } from 'zod';
import { type CommandOption, optionsOf } from '../command-options.ts';

/** A value that an option takes in a configuration; a list stands for a text with commas. */
export type OptionValue = string | number | boolean | readonly (string | number)[];
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** Options that say how a command is run and what it prints, not what it computes. */
const notOfAStudy = ['help', 'version', 'json', 'overwrite', 'quiet', 'adapter', 'out'];

/**
 * The options of a command as a schema, read from the command itself, so that a study file takes what its command line
 * takes, by the same names.
 *
 * @param except options that the study fills in itself
 */
// biome-ignore lint/suspicious/noExplicitAny: the arguments differ from command to command
export function optionSchema(command: CommandModule<object, any>, except: readonly string[] = []) {
  const left = [...notOfAStudy, ...except, ...positionals(command)];
  const options = [...optionsOf(command).options].filter(([name]) => !left.includes(name));
  return z.strictObject(
    Object.fromEntries(options.map(([name, option]) => [name, valueSchema(option).optional()])),
  );
}

/** The options as words of a command line, in the order in which they stand. */
export function optionWords(options: OptionValues): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
    return [`--${name}`, Array.isArray(value) ? value.join(',') : String(value)];
  });
}

function valueSchema({ takes }: CommandOption): z.ZodType<OptionValue> {
  if (Array.isArray(takes)) return z.enum(takes as [string, ...string[]]);
  if (takes === 'number') return z.number();
  if (takes === undefined) return z.boolean();
  return z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)]);
}

// biome-ignore lint/suspicious/noExplicitAny: the arguments differ from command to command
function positionals(command: CommandModule<object, any>): string[] {
  return [...String(command.command).matchAll(/[<[](\w+)/g)].map(([, name]) => name);
}

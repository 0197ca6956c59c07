import { z } from 'zod';
import { type Command, type DeclaredOptions, declaredOptions } from '../command-tree.ts';
import { UsageError } from '../fail.ts';

/** A value that an option takes in a configuration; a list stands for a text with commas. */
export type OptionValue = string | number | boolean | readonly (string | number)[];
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** Options that say how a command is run and what it prints, not what it computes. */
const notOfAStudy = ['json', 'overwrite', 'quiet', 'adapter', 'out'];

/**
 * The options of a command as a schema, read from the command itself, so that a study file takes what its command line
 * takes, by the same names and in the same ranges.
 *
 * @param except options that the study fills in itself
 */
export function optionSchema(command: Command, except: readonly string[] = []) {
  const declared = declaredOptions(command);
  const left = [...notOfAStudy, ...except];
  const names = declared.names.filter((name) => !left.includes(name));
  return z.strictObject(
    Object.fromEntries(names.map((name) => [name, valueSchema(name, declared).optional()])),
  );
}

/** The options as words of a command line, in the order in which they stand. */
export function optionWords(options: OptionValues): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
    return [`--${name}`, wordOf(value)];
  });
}

function valueSchema(name: string, declared: DeclaredOptions): z.ZodType<OptionValue> {
  const coerce = declared.coercions.get(name);
  const schema = kindSchema(name, declared);
  if (!coerce) return schema;
  return schema.superRefine(
    asCommandLine((value) => coerce(declared.numbers.has(name) ? value : wordOf(value))),
  );
}

/** A check of a schema by what a command line refuses: its message is the fault. */
export function asCommandLine<T>(check: (value: T) => unknown) {
  return (value: T, context: z.RefinementCtx): void => {
    try {
      check(value);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  };
}

/** Options as a command has them, whose lists are texts each. @param lists those that are lists */
export function withLists(
  options: Readonly<Record<string, OptionValue | undefined>>,
  lists: readonly string[],
): Record<string, OptionValue | undefined> {
  const listed = lists.flatMap((name) => {
    const value = options[name];
    return value === undefined
      ? []
      : [
          [
            name,
            wordOf(value)
              .split(',')
              .map((part) => part.trim()),
          ] as const,
        ];
  });
  return { ...options, ...Object.fromEntries(listed) };
}

/** A value as a command line has it. */
function wordOf(value: OptionValue): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

function kindSchema(name: string, { numbers, booleans, choices }: DeclaredOptions): z.ZodType<OptionValue> {
  if (choices[name]) return z.enum(choices[name] as [string, ...string[]]);
  if (numbers.has(name)) return z.number();
  if (booleans.has(name)) return z.boolean();
  return z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)]);
}

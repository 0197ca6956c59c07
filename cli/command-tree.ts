import yargs, { type Argv, type CommandModule } from 'yargs';

/** A command as yargs takes it. */
// biome-ignore lint/suspicious/noExplicitAny: each command has options of its own; yargs joins them by name at run time
export type Command = CommandModule<object, any>;

/** A command that only stands for its subcommands, as `voxmask cohort`. */
export interface CommandGroup extends Command {
  readonly subcommands: readonly Command[];
}

/** A command with the words that call it. */
export interface FoundCommand {
  /** As "mask group". */
  readonly name: string;
  readonly command: Command;
}

/** The first word of a command, by which it is called. */
export function wordOf({ command }: Command): string {
  return String(command).split(' ')[0];
}

/** All commands that do something, subcommands included. */
export function leafCommands(commands: readonly Command[]): FoundCommand[] {
  return commands.flatMap((command) =>
    isGroup(command)
      ? command.subcommands.map((sub) => ({ name: `${wordOf(command)} ${wordOf(sub)}`, command: sub }))
      : [{ name: wordOf(command), command }],
  );
}

/**
 * The command that a command line names.
 *
 * @returns null where it names none, or only a group
 */
export function commandNamed(commands: readonly Command[], words: readonly string[]): FoundCommand | null {
  const first = words.flatMap((word) => commands.find((command) => wordOf(command) === word) ?? [])[0];
  if (!first || !isGroup(first)) return first ? { name: wordOf(first), command: first } : null;
  const after = words.slice(words.indexOf(wordOf(first)) + 1);
  const next = after.find((word) => !word.startsWith('-'));
  const sub = first.subcommands.find((command) => wordOf(command) === next);
  return sub ? { name: `${wordOf(first)} ${wordOf(sub)}`, command: sub } : null;
}

/** How the options of a command are declared; names with dashes, as a user writes them. */
export interface DeclaredOptions {
  readonly names: readonly string[];
  readonly booleans: ReadonlySet<string>;
  readonly numbers: ReadonlySet<string>;
  /** Lists that may be given in several options. */
  readonly repeatable: ReadonlySet<string>;
  readonly choices: Readonly<Record<string, readonly string[]>>;
  /** Required options. */
  readonly required: ReadonlySet<string>;
  /** What checks and converts the value of an option; throws UsageError for one out of its range. */
  readonly coercions: ReadonlyMap<string, (value: unknown) => unknown>;
}

/** The options of a command, read from the command itself. Its arguments, --help and --version are left out. */
export function declaredOptions(command: Command): DeclaredOptions {
  const parser = yargs([]).help(false).version(false);
  const coercions = recordCoercions(parser);
  if (typeof command.builder === 'function') command.builder(parser);
  // yargs has this method, but its types do not
  const known = (parser as unknown as { getOptions(): YargsOptions }).getOptions();
  const positionals = [...String(command.command).matchAll(/[<[]([\w-]+)/g)].map(([, name]) => name);
  const names = Object.keys(known.key).filter((name) => !positionals.includes(name));
  const among = (list: readonly string[]) => new Set(names.filter((name) => list.includes(name)));
  return {
    names,
    booleans: among(known.boolean),
    numbers: among(known.number),
    repeatable: among(known.array),
    choices: known.choices,
    required: among(Object.keys(known.demandedOptions)),
    coercions,
  };
}

/** yargs keeps no list of the coercions that it is given: they are written down as options are declared. */
function recordCoercions(parser: Argv): Map<string, (value: unknown) => unknown> {
  const coercions = new Map<string, (value: unknown) => unknown>();
  const declare = parser.option.bind(parser) as (...given: unknown[]) => Argv;
  parser.option = ((key: unknown, option?: { coerce?: (value: unknown) => unknown }) => {
    if (typeof key === 'string' && option?.coerce) coercions.set(key, option.coerce);
    return declare(key, option);
  }) as typeof parser.option;
  return coercions;
}

interface YargsOptions {
  readonly key: Readonly<Record<string, unknown>>;
  readonly array: readonly string[];
  readonly number: readonly string[];
  readonly boolean: readonly string[];
  readonly choices: Readonly<Record<string, readonly string[]>>;
  readonly demandedOptions: Readonly<Record<string, unknown>>;
}

function isGroup(command: Command): command is CommandGroup {
  return 'subcommands' in command;
}

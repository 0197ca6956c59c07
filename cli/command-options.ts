import yargs, { type CommandModule } from 'yargs';

/** What an option takes: a number, one of some words, any text; undefined where it takes nothing. */
export interface CommandOption {
  readonly takes: 'number' | 'text' | readonly string[] | undefined;
}

/** The options of every command by their names, the commands by theirs, as "mask group". */
export type CommandOptions = ReadonlyMap<string, ReadonlyMap<string, CommandOption>>;

// biome-ignore lint/suspicious/noExplicitAny: the arguments differ from command to command
type AnyCommand = CommandModule<any, any>;

/** The options of a command, its positional arguments among them, and the commands below it. */
export function optionsOf({ builder }: AnyCommand): {
  readonly options: ReadonlyMap<string, CommandOption>;
  readonly below: readonly AnyCommand[];
} {
  const parser = yargs([]);
  const below: AnyCommand[] = [];
  Object.assign(parser, {
    command: (command: AnyCommand) => {
      below.push(command);
      return parser;
    },
  });
  if (typeof builder === 'function') builder(parser);
  // yargs knows its options, though its types do not tell
  const { key, number, boolean, choices } = (
    parser as unknown as { getOptions(): YargsOptions }
  ).getOptions();
  const takes = (name: string) =>
    choices[name] ?? (number.includes(name) ? 'number' : boolean.includes(name) ? undefined : 'text');
  return {
    options: new Map(Object.keys(key).map((name) => [name, { takes: takes(name) }])),
    below,
  };
}

/** The options of all these commands, and of those below them. */
export function commandOptions(commands: readonly AnyCommand[], above = ''): CommandOptions {
  return new Map(
    commands.flatMap((command) => {
      const name = `${above}${String(command.command).split(' ')[0]}`;
      const { options, below } = optionsOf(command);
      return [[name, options] as const, ...commandOptions(below, `${name} `)];
    }),
  );
}

interface YargsOptions {
  readonly key: Readonly<Record<string, unknown>>;
  readonly number: readonly string[];
  readonly boolean: readonly string[];
  readonly choices: Readonly<Record<string, readonly string[]>>;
}

import { type Command, type DeclaredOptions, declaredOptions, leafCommands, wordOf } from './command-tree.ts';

/** What an option takes: a number, one of some words, any text; undefined where it takes nothing. */
export interface CommandOption {
  readonly takes: 'number' | 'text' | readonly string[] | undefined;
}

/** The options of every command by their names, the commands by theirs, as "mask group". */
export type CommandOptions = ReadonlyMap<string, ReadonlyMap<string, CommandOption>>;

/** The options of all these commands, and of those below them; a group of commands has none. */
export function commandOptions(commands: readonly Command[]): CommandOptions {
  const groups = commands.map((command) => [wordOf(command), new Map()] as const);
  const leaves = leafCommands(commands).map(({ name, command }) => {
    const declared = declaredOptions(command);
    const options = declared.names.map((option) => [option, { takes: takes(option, declared) }] as const);
    return [name, new Map(options)] as const;
  });
  return new Map([...groups, ...leaves]);
}

function takes(name: string, { choices, numbers, booleans }: DeclaredOptions): CommandOption['takes'] {
  return choices[name] ?? (numbers.has(name) ? 'number' : booleans.has(name) ? undefined : 'text');
}

import type { CommandOption, CommandOptions } from '../../command-options.ts';

/** What stands in a command line in place of a path or a name. */
export const removed = '…';

/** Options that are text to yargs because they take several numbers, as "8,16" or "0..4". */
const numberLists = new Set(['channels', 'counts', 'fold', 'mu', 'shares', 'size', 'sub-blocks']);

/**
 * A command line without paths and names. Kept are the command, its options, and values that by their type can be nothing
 * else: numbers of options that take numbers, choices of those that offer some, and diagnoses.
 *
 * @param commands the options of every command, by its name, as "mask group"
 * @param className how a diagnosis is shown
 */
export function withoutNames(
  words: readonly string[],
  commands: CommandOptions,
  className: (diagnosis: string) => string,
): string[] {
  const name = nameIn(words, commands);
  if (name === null) return [removed];
  const options = commands.get(name.join(' '))!;
  const kept = [...name];
  const remove = () => {
    if (kept.at(-1) !== removed || kept.at(-2)?.startsWith('--')) kept.push(removed);
  };
  const rest = words.slice(name.length);
  for (let i = 0; i < rest.length; i++) {
    const [word, attached] = split(rest[i]);
    const key = word.replace(/^--?/, '');
    const option = options.get(key);
    const negated = key.startsWith('no-') ? options.get(key.slice(3)) : undefined;
    if (!word.startsWith('-') || (!option && !negated)) remove();
    else if (option?.takes === undefined) kept.push(word);
    else {
      const value = attached ?? rest[++i];
      kept.push(word, ...(value === undefined ? [] : [shownValue(key, option, value, className)]));
    }
  }
  return kept;
}

/** The words at a command line's begin that name a command; null where none does. */
export function nameIn(words: readonly string[], commands: CommandOptions): string[] | null {
  const length = [2, 1].find(
    (count) => words.length >= count && commands.has(words.slice(0, count).join(' ')),
  );
  return length === undefined ? null : words.slice(0, length);
}

function split(word: string): [word: string, value: string | undefined] {
  const at = word.indexOf('=');
  return word.startsWith('--') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word, undefined];
}

function shownValue(
  name: string,
  { takes }: CommandOption,
  value: string,
  className: (diagnosis: string) => string,
) {
  const isNumber = /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(value);
  if (takes === 'number') return isNumber ? value : removed;
  if (Array.isArray(takes)) return takes.includes(value) ? value : removed;
  if (name === 'class' || name === 'classes') return quoted(value.split(',').map(className).join(','));
  return numberLists.has(name) && /^[\d.,e+-]+$/.test(value) ? value : removed;
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

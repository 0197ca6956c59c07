import { type DeclaredOptions, declaredOptions, type FoundCommand } from './command-tree.ts';
import { UsageError } from './fail.ts';
import { nearest } from './nearest.ts';

/**
 * Checks the words of a command line before yargs reads them, for yargs takes an empty value as 0, the last of several
 * values, `--no-seed` as 0 and `--json=maybe` as false. All options of all commands are held to the same rules here: a value
 * is not empty, a number is one, a switch is true or false, and only what is declared repeatable is given twice.
 *
 * @throws UsageError naming the option
 */
export function checkWords(words: readonly string[], { name, command }: FoundCommand): void {
  const usage = (message: string) => new UsageError(message, name);
  const declared = declaredOptions(command);
  const given = new Map<string, boolean | string>();
  for (const one of optionsIn(words, declared)) {
    if (one.kind !== 'option') {
      const fault = textFault(one, declared);
      if (fault) throw usage(fault);
      continue;
    }
    const { option, value } = one;
    if (one.negated && !declared.booleans.has(option) && option !== 'quiet')
      throw usage(`--no-${option} is not possible: --${option} takes a value. Leave it out for its default`);
    if (value === null || isBlank(value)) throw usage(`--${option} needs a value`);
    const fault = faultOf(option, value, declared);
    if (fault) throw usage(`--${option} ${fault}`);
    const said = declared.booleans.has(option) ? (value === 'true') !== one.negated : value;
    if (given.has(option) && !declared.repeatable.has(option)) {
      const contradicts = typeof said === 'boolean' && given.get(option) !== said;
      throw usage(
        contradicts ? `--${option} and --no-${option} are both given` : `--${option} is given twice`,
      );
    }
    given.set(option, said);
  }
}

/** An argument of the command, or an option that it does not have. */
interface GivenText {
  readonly kind: 'argument' | 'unknown';
  readonly text: string;
}

/** A word of a command line and what it stands for. */
type Given =
  | GivenText
  /** `value` is null where it is missing; a switch alone has "true" */
  | {
      readonly kind: 'option';
      readonly option: string;
      readonly negated: boolean;
      readonly value: string | null;
    };

/** The options and arguments of a command line, read as yargs reads them. */
function* optionsIn(words: readonly string[], { names, booleans }: DeclaredOptions): Generator<Given> {
  const dashed = new Map(
    [...names, 'quiet'].flatMap((name) => [
      [name, name],
      [camelCase(name), name],
    ]),
  );
  const isSwitch = (option: string) => option === 'quiet' || booleans.has(option);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === '--') {
      for (const text of words.slice(i + 1)) yield { kind: 'argument', text };
      return;
    }
    if (word === '-q') yield { kind: 'option', option: 'quiet', negated: false, value: 'true' };
    if (/^-[^-]/.test(word) && !/^-[qh]+$/.test(word)) yield { kind: 'unknown', text: word };
    const [, written, inline] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (written === undefined) {
      if (!/^-./.test(word)) yield { kind: 'argument', text: word };
      continue;
    }
    const negated = !dashed.has(written) && written.startsWith('no-');
    const option = dashed.get(negated ? written.slice('no-'.length) : written);
    if (option === undefined) {
      yield { kind: 'unknown', text: written };
      continue;
    }
    const next = words[i + 1];
    if (inline !== undefined) yield { kind: 'option', option, negated, value: inline };
    else if (isSwitch(option) || negated) {
      const follows = !negated && (next === 'true' || next === 'false');
      if (follows) i++;
      yield { kind: 'option', option, negated, value: follows ? next : 'true' };
    } else {
      const isValue = next !== undefined && !/^-[^0-9.]/.test(next);
      if (isValue) i++;
      yield { kind: 'option', option, negated, value: isValue ? next : null };
    }
  }
}

function textFault({ kind, text }: GivenText, { names }: DeclaredOptions): string | null {
  if (kind === 'argument')
    return isBlank(text) ? 'an argument is empty. Give a path or a name in its place' : null;
  return unknownOption(text, names);
}

/** Options that every command has. */
const common = ['quiet', 'force-unlock', 'help', 'version'];

/**
 * A sentence about an option that is not known, with the one that may be meant.
 *
 * @param text the option; with its dash where it has one dash alone
 * @param names options of the command
 * @returns null for an option that every command has
 */
export function unknownOption(text: string, names: readonly string[]): string | null {
  const word = text.replace(/^--|=.*$/g, '');
  if (common.includes(word) || /^-[qh]+$/.test(word)) return null;
  if (word.startsWith('-'))
    return `Unknown argument: ${word}. Options have two dashes; a name that begins with a dash comes after --, as in: -- ${word}`;
  const known = [...names, ...common];
  const near = nearest(word, word.startsWith('no-') ? known.map((name) => `no-${name}`) : known);
  return `Unknown argument: ${word}${near ? `. Did you mean --${near}?` : ''}`;
}

/** What is wrong with a value that is not empty, by the kind of its option. */
function faultOf(option: string, value: string, { booleans, numbers }: DeclaredOptions): string | null {
  if (booleans.has(option) || option === 'quiet')
    return value === 'true' || value === 'false' ? null : `is a switch: it takes true or false, not ${value}`;
  if (numbers.has(option)) return Number.isFinite(Number(value)) ? null : `takes a number, not ${value}`;
  return null;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

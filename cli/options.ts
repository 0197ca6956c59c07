import { UsageError } from './fail.ts';

/*
 * Building blocks for a command's options. What is empty or not of its kind is refused by strict-words.ts. A range that an
 * option declares is checked here; what depends on other options is for the command to say.
 */

/** What values a number may have, bounds included unless they say otherwise. */
export interface Range {
  readonly whole?: true;
  /** as "mm" */
  readonly unit?: string;
  readonly least?: number;
  /** the value must be larger */
  readonly above?: number;
  readonly most?: number;
  /** the value must be smaller */
  readonly below?: number;
}

/** How many there are of something that cannot be missing. */
export const counts: Range = { whole: true, least: 1 };
export const notNegative: Range = { least: 0 };
export const positive: Range = { above: 0 };
export const shareOfWhole: Range = { least: 0, most: 1 };
/** Seeds of the network's and the masks' random numbers. */
export const seeds: Range = { whole: true, least: 0 };
/** Seeds of cohorts and splits, whose generator takes 32 bits. */
export const seeds32: Range = { whole: true, least: 0, most: 2 ** 32 - 1 };

/** A number. `name` is what the message calls it when it is not in the range. */
export function numberOption<T extends object>(name: string, { range = {}, ...more }: T & { range?: Range }) {
  const coerce = (value: number | undefined) => {
    if (value !== undefined && !isWithin(value, range))
      throw new UsageError(`--${name} takes ${rangeWords(range)}`);
    return value;
  };
  // Left out of the type: with it yargs would forget that an option with a default always has a value.
  return { type: 'number', nargs: 1, ...more, coerce } as unknown as { type: 'number'; nargs: 1 } & Omit<
    T,
    'range'
  >;
}

function isWithin(value: number, { whole, least, above, most, below }: Range): boolean {
  return (
    Number.isFinite(value) &&
    (!whole || Number.isSafeInteger(value)) &&
    (least === undefined || value >= least) &&
    (above === undefined || value > above) &&
    (most === undefined || value <= most) &&
    (below === undefined || value < below)
  );
}

/** As "a whole number from 1", "a number above 0 and below 1". */
function rangeWords({ whole, unit, least, above, most, below }: Range): string {
  const low = least !== undefined ? ` from ${least}` : above !== undefined ? ` above ${above}` : '';
  const high =
    most !== undefined
      ? ` to ${most}`
      : below !== undefined
        ? ` ${least === undefined ? 'and' : 'to'} below ${below}`
        : '';
  return `${whole ? 'a whole number' : 'a number'}${unit ? ` of ${unit}` : ''}${low}${high}`;
}

/** A text, as a path. */
export function textOption<T extends object>(more: T) {
  return { type: 'string', requiresArg: true, ...more } as const;
}

/** Several texts with commas between. */
export function listOption<T extends object>(more: T) {
  const coerce = (value: string | string[] | undefined): string[] | undefined =>
    value === undefined ? undefined : [value].flat().flatMap(partsOf);
  return { type: 'string', requiresArg: true, coerce, ...more } as const;
}

function partsOf(list: string): string[] {
  const parts = list.split(',').map((part) => part.trim());
  if (parts.includes('')) throw new UsageError(`a list has an empty value between its commas: ${list}`);
  return parts;
}

/** The same, in several options too: strict-words.ts allows its repeats. */
export function repeatableListOption<T extends object>(more: T) {
  const { requiresArg: _, ...list } = listOption(more);
  return { ...list, array: true, nargs: 1 } as const;
}

/** For commands whose results a program may want to read. */
export const jsonOption = {
  type: 'boolean',
  default: false,
  describe: 'Print the results as JSON on standard output',
} as const;

import { defaultArchitecture } from '../../model/architecture.ts';
import { UsageError } from '../fail.ts';
import { listOption } from '../options.ts';

const classes = listOption({
  default: defaultArchitecture.classes.join(','),
  describe: 'Diagnoses to take; the one under study last',
});

/** The classes, as every command that reads a cohort's table takes them. */
export const classesOption = { ...classes, coerce: (text: string) => classes.coerce(text) ?? [] };

/** @throws UsageError unless an option's value is a whole number of at least `least` */
export function requireWhole(name: string, value: number, least: number, command: string): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new UsageError(`--${name} takes a whole number from ${least}`, command);
}

/** @throws UsageError unless a seed is a whole number of 32 bits, as the generator takes them */
export function requireSeed(value: number, command: string): void {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return;
  throw new UsageError('--seed takes a whole number from 0 to 4294967295', command);
}

import { InputError } from '../../cohort/error.ts';

/** A name as BIDS allows it: letters and digits. It may be empty. */
export function label(name: string): string {
  return name.replace(/^(sub|ses)-/, '').replace(/[^A-Za-z0-9]/g, '');
}

/**
 * As `label`, of a name that must not vanish: participants of other alphabets would all be `sub-`.
 *
 * @param what is named, for the message: "participant"
 * @throws InputError when nothing of the name is left
 */
export function requireLabel(name: string, what: string): string {
  const short = label(name);
  if (short !== '') return short;
  throw new InputError(
    `${what} "${name}"`,
    'contains no letter from A to Z and no digit, which are all that BIDS allows in names of files',
    what === 'class'
      ? 'Name the class otherwise'
      : 'Rename it in the cohort table (or the file, of a single image)',
  );
}

import type { Identity } from './identity.ts';
import type { Shown } from './shown.ts';

/** Names for a warning: the first ones, and how many more there are. */
export function listed({ say }: Identity, names: readonly Shown[]): Shown {
  const most = 6;
  const first = names.slice(0, most).reduce((all, name) => say`${all}; ${name}`);
  return names.length > most ? say`${first} and ${names.length - most} more` : first;
}

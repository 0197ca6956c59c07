import type { Identity } from '../identity.ts';
import type { Shown } from '../shown.ts';

/** A run, and how the report calls it. */
export interface NamedRun {
  readonly name: Shown;
}

const mostNames = 4;

/**
 * What runs have in common, for a sentence about all of them: the one text that all share, or every text with the runs it
 * holds for, as "0.001 (fold 0; fold 1) or 0.01 (fold 2)".
 */
export function shared<T extends NamedRun>(
  identity: Identity,
  runs: readonly T[],
  textOf: (run: T) => Shown,
): Shown {
  const texts = new Map<Shown, Shown[]>();
  for (const run of runs) {
    const text = textOf(run);
    texts.set(text, [...(texts.get(text) ?? []), run.name]);
  }
  if (texts.size === 1) return [...texts.keys()][0];
  const { say } = identity;
  return joined(
    identity,
    ' or ',
    [...texts].map(([text, names]) => say`${text} (${some(identity, names)})`),
  );
}

/** The first names of a list, and how many more there are. */
export function some(identity: Identity, names: readonly Shown[]): Shown {
  const first = joined(identity, '; ', names.slice(0, mostNames));
  return names.length > mostNames ? identity.say`${first}; ${names.length - mostNames} more` : first;
}

/** @param texts one at least */
export function joined(
  { say }: Identity,
  between: ', ' | '; ' | ' ' | ' or ' | ' and ',
  texts: readonly Shown[],
): Shown {
  const gap = { ', ': say`, `, '; ': say`; `, ' ': say` `, ' or ': say` or `, ' and ': say` and ` }[between];
  return texts.reduce((all, text) => say`${all}${gap}${text}`);
}

/** An option's value; a record that lacks it says so. */
export function recorded({ say, value }: Identity, of: unknown): Shown {
  return of === undefined || of === null ? say`(not recorded)` : value(of);
}

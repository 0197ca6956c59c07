import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import type { Diagnoses } from '../spellings.ts';

/**
 * Refuses diagnoses that are neither classes nor usual spellings, since their sessions would drop out unseen; and names of
 * `--map` that no table has.
 *
 * @param given the diagnoses of all sessions that matter, as `Diagnoses.read` gave them
 * @throws InputError with each name, how often it occurs, and the --map to give
 */
export function refuseUnknown(
  where: string,
  given: readonly (string | null)[],
  diagnoses: Diagnoses,
  classes: readonly string[],
): void {
  const counts = new Map<string, number>();
  for (const name of given) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  const unused = diagnoses.unused();
  if (unused.length > 0) {
    const there = [...counts.keys()].sort();
    throw new InputError(
      where,
      `has no diagnosis ${listed(unused.map((name) => `"${name}"`))}, which --map names`,
      `The diagnoses are: ${
        listed(
          there.map((name) => `"${name}"`),
          ', ',
          20,
        ) || 'none'
      }`,
    );
  }
  const unknown = unknownAmong(counts, diagnoses);
  if (unknown.length === 0) return;
  const [first] = unknown[0];
  throw new InputError(
    where,
    `${meaningless(unknown)}:${listed(linesOf(unknown), '\n  ', 20)}\n`,
    `Say what each means: --map "${first}=${classes[0]}" takes it for ${classes[0]}, --map "${first}=${first}" leaves its sessions out`,
  );
}

/** Refuses lists, as of a split, whose diagnoses are of unknown meaning. @throws InputError with each and how often it occurs */
export function refuseUnknownInLists(
  where: string,
  counts: ReadonlyMap<string, number>,
  diagnoses: Diagnoses,
  classes: readonly string[],
): void {
  const unknown = unknownAmong(counts, diagnoses);
  if (unknown.length === 0) return;
  throw new InputError(
    where,
    `${meaningless(unknown)}:${listed(linesOf(unknown), '\n  ', 20)}\n`,
    `Write ${classes.join(', ')} or another usual name in the lists, or take these rows out of them`,
  );
}

/** Names that are neither classes nor usual spellings, and how often each occurs, the most frequent first. */
function unknownAmong(counts: ReadonlyMap<string, number>, diagnoses: Diagnoses): [string, number][] {
  return [...counts].filter(([name]) => !diagnoses.knows(name)).sort((a, b) => b[1] - a[1]);
}

function meaningless({ length }: readonly unknown[]): string {
  return `has ${length === 1 ? 'a diagnosis' : 'diagnoses'} of unknown meaning`;
}

function linesOf(unknown: readonly (readonly [string, number])[]): string[] {
  return unknown.map(([name, count]) => `"${name}" in ${count} ${count === 1 ? 'row' : 'rows'}`);
}

import type { Mark } from '../../../masking/mask-state.ts';
import type { Context } from './context.ts';
import type { Shown } from './shown.ts';

/** The words of which a table's column `state` consists. */
const words = ['empty', 'veil', 'not converged', 'interrupted', 'converged', 'convergence unknown'] as const;

type Word = (typeof words)[number];

/** Words about a mask, with commas between; null of none. */
export function shownWords({ identity }: Context, given: readonly (Word | Mark)[]): Shown | null {
  const join = (all: readonly string[]) => all.join(', ');
  return given.length === 0 ? null : identity.from(join, identity.own(...given));
}

/** A cell of a column `state` of a file; what it holds beside those words is not shown. */
export function stateCell(context: Context, cell: string | undefined): Shown | null {
  const given = (cell ?? '').split(', ');
  return shownWords(
    context,
    words.filter((word) => given.includes(word)),
  );
}

/** What such a cell says against a mask: not that it converged, nor that nothing is known. */
export function marksCell(context: Context, cell: string | undefined): Shown | null {
  const against = (cell ?? '').split(', ').filter((word) => !/^converge/.test(word));
  return stateCell(context, against.join(', '));
}

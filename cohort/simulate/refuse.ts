import { InputError } from '../error.ts';

/** @throws InputError unless a condition holds */
export function refuseUnless(holds: boolean, where: string, what: string, fix: string): asserts holds {
  if (!holds) throw new InputError(where, what, fix);
}

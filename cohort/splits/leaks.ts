import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import type { Session } from '../session.ts';

const shownNames = 5;

/**
 * Requires that no participant is on two sides; to be called wherever sets are used together, whatever drew them
 * (section 2.2.1). Participants of two cohorts are the same person where their identifiers
 * are equal, with or without the prefix `sub-`.
 *
 * @param sides sessions by the name of their side, such as train and validation
 * @throws InputError naming the first participants that are on two
 */
export function refuseLeaks(
  sides: Readonly<Record<string, readonly Pick<Session, 'participantId'>[]>>,
): void {
  const sideOf = new Map<string, string>();
  const leaks = new Map<string, string>();
  for (const [side, sessions] of Object.entries(sides)) {
    for (const { participantId } of sessions) {
      const person = participantId.replace(/^sub-/, '');
      const other = sideOf.get(person);
      if (other !== undefined && other !== side) leaks.set(person, `${participantId} (${other}, ${side})`);
      else sideOf.set(person, side);
    }
  }
  if (leaks.size === 0) return;
  const names = [...leaks.values()];
  throw new InputError(
    'split',
    `${names.length} ${names.length === 1 ? 'participant is' : 'participants are'} on two sides: ` +
      listed(names, ', ', shownNames),
    'Put all sessions of a participant on one side',
  );
}

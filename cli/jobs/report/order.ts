import { member, numberOf, textOf } from './numbers.ts';
import { foldAndRun, type Result } from './results.ts';
import type { Roster } from './roster.ts';

/**
 * Results in an order that says nothing about names: masks of sessions by what was measured of them, one participant's together
 * and in the order of the visits; all others by fold, run, and when they were begun.
 */
export function withoutOrderOfNames(results: readonly Result[], roster: Roster): Result[] {
  const sessions = new Map<string, Result[]>();
  const others: Result[] = [];
  for (const result of results) {
    const id = textOf(result.results.participantId);
    if (id === null) others.push(result);
    else sessions.set(id, [...(sessions.get(id) ?? []), result]);
  }
  const visit = ({ results: own }: Result) => roster.visit(String(own.participantId), String(own.sessionId));
  const participants = [...sessions.values()]
    .map((own) => [...own].sort((a, b) => visit(a) - visit(b) || compare(measured(a), measured(b))))
    .sort((a, b) => compare(a.flatMap(measured), b.flatMap(measured)));
  return [...others.sort((a, b) => compare(made(a), made(b))), ...participants.flat()];
}

function made({ place, sidecar }: Result): Key {
  const { fold, run } = foldAndRun(place);
  return [fold ?? -1, run ?? -1, sidecar.startedAt ?? ''];
}

function measured({ results }: Result): Key {
  const values = [
    ['touchedShare'],
    ['steps'],
    ['probabilities', 'before'],
    ['probabilities', 'after'],
    ['best', 'validation', 'total'],
  ];
  return values.map((names) => numberOf(member(results, ...names)) ?? -1);
}

type Key = readonly (number | string)[];

function compare(a: Key, b: Key): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return a.length - b.length;
}

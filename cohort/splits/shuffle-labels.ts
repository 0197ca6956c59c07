import type { Session } from '../session.ts';
import type { Split } from './folds.ts';
import { type Draw, drawsOf, shuffled } from './permutation.ts';

/**
 * A control: the labels of a split dealt out anew, on each side among its own participants, so that each keeps one label over
 * all sessions and the classes keep their sizes, but images tell nothing of labels. A sound protocol then stays at chance on
 * others.
 *
 * @param seed a whole number from 0; its lowest 32 bits count
 */
export function shuffleLabels(split: Split, seed: number): Split {
  const draw = drawsOf((seed % 2 ** 32) | 0);
  return { train: dealt(split.train, draw), validation: dealt(split.validation, draw) };
}

function dealt(sessions: readonly Session[], draw: Draw): Session[] {
  const labels = new Map(sessions.map(({ participantId, diagnosis }) => [participantId, diagnosis]));
  const drawn = shuffled([...labels.values()], draw);
  const given = new Map([...labels.keys()].map((participant, i) => [participant, drawn[i]]));
  return sessions.map((session) => ({ ...session, diagnosis: given.get(session.participantId)! }));
}

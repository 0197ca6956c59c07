import type { InputError } from '../../../cohort/error.ts';
import { quoted } from './command-line.ts';
import { Ledger, type Shown, type Words } from './shown.ts';

/** What is counted in an anonymous report in place of its name. */
export type Kind =
  | ('class' | 'cohort' | 'column' | 'comparison' | 'map' | 'mask' | 'network' | 'result' | 'stage')
  | ('experiment' | 'step' | 'value');

/**
 * How a report names what the files name: the only way from a text of a file into a report. An open one shows texts as they
 * are; an anonymous one (pseudonyms.ts) shows others in their place.
 */
export interface Identity extends Words {
  readonly anonymous: boolean;
  /** the name of the study */
  title(name: string): Shown;
  /** when the report is made */
  date(now: Date): Shown;
  participant(id: string): Shown;
  /** a session of a participant */
  session(participantId: string, sessionId: string): Shown;
  /** a diagnosis, as networks tell them apart */
  className(diagnosis: string): Shown;
  /** a region of an atlas */
  region(name: string): Shown;
  /** a GPU, a driver, a version of software */
  machine(text: string): Shown;
  /** an option's value: a number, yes or no, or a list of these */
  value(value: unknown): Shown;
  /** a text of numbers, as "74.2 ± 3.1 [70.0, 80.0]" */
  figures(text: string): Shown;
  /** anything that the user has named. @param known names that voxmask gives itself, which always stay */
  name(kind: Kind, given: string, known?: readonly string[]): Shown;
  /** a file, for messages */
  file(path: string): Shown;
  /** the end of a sentence that says why something cannot be read */
  reason(error: InputError): Shown;
  /** what a failed command said; null where that cannot be shown */
  message(text: string): Shown | null;
  /** a command by its name alone, as "mask group" */
  commandName(words: readonly string[]): Shown;
  /** a command line, ready for a shell where it is whole */
  command(words: readonly string[]): Shown;
  /** whether a text, or a picture, came from this identity; one that is open knows all */
  knows(made: string | Uint8Array): boolean;
}

/** Names everything as it is. */
export function open(): Identity {
  const { say, own, from } = new Ledger();
  const as = (text: string) => text as Shown;
  return {
    ...{ anonymous: false, say, own, from },
    title: as,
    date: (now) => as(now.toISOString()),
    participant: as,
    session: (_, sessionId) => as(sessionId),
    className: as,
    region: as,
    machine: as,
    value: (value) => as(Array.isArray(value) ? value.join(', ') : String(value)),
    figures: as,
    name: (_, given) => as(given),
    file: as,
    reason: ({ message }) => as(`: ${message}`),
    message: as,
    commandName: (words) => as(words.join(' ')),
    command: (words) => as(['voxmask', ...words.map(quoted)].join(' ')),
    knows: () => true,
  };
}

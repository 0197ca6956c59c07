import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import path from 'node:path';
import { compareText } from '../../../cohort/session.ts';
import { isMissing, readTable } from '../../../cohort/table.ts';
import type { Result } from './results.ts';

/** What a report says in place of a participant, and what it must not hold. */
export interface Identity {
  /** a participant as the report names it */
  participant(id: string): string;
  /** a text of the results, without identifiers where the report is anonymous */
  text(text: string): string;
  /** a command line; without paths where the report is anonymous */
  command(words: readonly string[]): string;
  /** texts that must not be found in it; empty unless it is anonymous */
  readonly secrets: readonly string[];
}

/** Names everything as it is. */
export const open: Identity = {
  participant: (id) => id,
  text: (text) => text,
  command: (words) => ['voxmask', ...words.map(quoted)].join(' '),
  secrets: [],
};

const tables = [
  ...['cohort.tsv', 'check.tsv', 'accepted.tsv', 'excluded.tsv', 'split.tsv', 'folds.tsv', 'test.tsv'],
  ...['train-validation.tsv', 'predictions.tsv', 'masks.tsv', 'sessions.tsv'],
];

/** Gives every participant of the results a number, and knows the texts that would tell who or where. */
export function anonymous(root: string, results: readonly Result[]): Identity {
  const folders = [...new Set([root, ...results.map(({ folder }) => folder)])];
  const known = new Set<string>();
  for (const file of folders.flatMap((folder) => tables.map((name) => path.join(folder, name)))) {
    if (existsSync(file)) for (const id of participantsIn(file)) known.add(id);
  }
  for (const { results: own } of results) {
    for (const name of ['fittedOn', 'selectedOn'])
      for (const session of listOf(own[name])) known.add(session.split(' ')[0]);
    if (typeof own.participantId === 'string') known.add(own.participantId);
  }
  const numbers = new Map([...known].sort(compareText).map((id, i) => [id, `P${i + 1}`]));
  const participant = (id: string) => numbers.get(id) ?? 'P?';
  // In free text only identifiers that no ordinary word or number can be; all of them go by `participant` otherwise.
  const telling = [...numbers.keys()]
    .flatMap((id) => [id, id.replace(/^sub-/, ''), id.replace(/^sub-/, '').replace(/[^A-Za-z0-9]/g, '')])
    .filter((id) => id.length >= 4 && /\d/.test(id) && !/^\d{1,5}$/.test(id))
    .sort((a, b) => b.length - a.length);
  const secrets = [...new Set([...telling, path.resolve(root), homedir(), hostname()])].filter(
    (text) => text.length >= 4 && text !== 'localhost',
  );
  const text = (from: string) => {
    let result = from;
    for (const id of telling) {
      if (!result.includes(id)) continue;
      const whole = numbers.get(id) ?? numbers.get(`sub-${id}`) ?? 'P?';
      result = result.replaceAll(`sub-${id}`, whole).replaceAll(id, whole);
    }
    return result.replace(/(?:\/[\w.@+~-]+){2,}\/?/g, 'PATH').replace(/[A-Za-z]:\\[^\s"']+/g, 'PATH');
  };
  const command = (words: readonly string[]) => ['voxmask', ...withoutPaths(words, text)].join(' ');
  return { participant, text, command, secrets };
}

function participantsIn(file: string): string[] {
  const { rows } = readTable(file);
  return rows.flatMap(({ participant_id: id }) => (isMissing(id) ? [] : [id]));
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Options whose values name no file. */
const plain =
  /^--(?!out$|cohort$|model$|atlas$|labels$|split$|test$|tables$|grid$|like$|truth$|exclude$|mu$|images$|config$)[\w-]+$/;

/** Keeps the command, its options, and values that are numbers or short words of options that name no file. */
function withoutPaths(words: readonly string[], text: (from: string) => string): string[] {
  const command = words.findIndex((word) => !/^[a-z]+$/.test(word));
  const own = new Set(['mask', 'cohort', 'split'].includes(words[0]) ? words.slice(0, 2) : words.slice(0, 1));
  return words.map((word, i) => {
    if (i < 2 && own.has(word) && (command < 0 || i < command)) return word;
    const [option, value] = word.split('=', 2);
    if (/^--?[\w-]+$/.test(word)) return word;
    if (option.startsWith('--') && value !== undefined) return `${option}=${shown(option, value, text)}`;
    return shown(words[i - 1] ?? '', word, text);
  });
}

function shown(option: string, value: string, text: (from: string) => string): string {
  const isNumber = /^[\d.,+-]+(e-?\d+)?$/.test(value);
  const isWord = plain.test(option) && /^[\w.,:+-]{1,60}$/.test(value) && text(value) === value;
  return isNumber || isWord ? value : 'PATH';
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

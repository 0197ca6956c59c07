import { existsSync } from 'node:fs';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { compareSessionIds, compareText } from '../session.ts';
import { Diagnoses } from '../spellings.ts';
import { type Candidate, identity, keyOf, type Named } from './candidate.ts';
import { type ClinicalSession, type ClinicalTables, readClinical } from './clinical.ts';
import { countReasons, type Excluded, withoutImage } from './excluded.ts';
import { readExclusions } from './exclusions.ts';
import { mismatchOf } from './mismatch.ts';
import { notesOf } from './session-notes.ts';
import { findImages, type SourceKind } from './source.ts';
import { type Labelled, labelStable, type UnstableRule } from './stability.ts';
import { refuseUnknown } from './unknown.ts';
import { chooseVariant } from './variants.ts';

export { countReasons, type Excluded } from './excluded.ts';
export { type UnstableRule, unstableRules } from './stability.ts';

/** What a cohort is built from. */
export interface BuildOptions {
  /** CAPS folder, BIDS derivatives folder, or table */
  readonly source: string;
  /** of the images' paths in the source, with {participant} and {session}; none looks for the layouts that are known */
  readonly pattern?: string | null;
  /** merged table or BIDS folder; null looks in the source */
  readonly tables: string | null;
  readonly classes: readonly string[];
  /** names of diagnoses to take for others */
  readonly mapping: ReadonlyMap<string, string>;
  /** labels that the images must have */
  readonly variant: readonly string[];
  readonly unstable: UnstableRule;
  /** table of sessions to leave out; null for none */
  readonly exclude: string | null;
}

/** A session of the cohort: its image, and what the tables tell. */
export type BuiltSession = ClinicalSession & { readonly diagnosis: string; readonly path: string };

export interface BuiltCohort {
  readonly kind: SourceKind;
  readonly variant: readonly string[];
  /** by participant, then by session */
  readonly sessions: BuiltSession[];
  readonly excluded: Excluded[];
  /** what was taken for granted, and what did not match, a sentence each */
  readonly notes: readonly string[];
}

/**
 * Brings images and tables together: one kind of map per session (never mixed), participants of one diagnosis over their
 * whole follow-up (section 2.1), and for every session that is left out the reason.
 *
 * @throws InputError when images or tables cannot be found or read, several kinds of maps could be meant, the tables list a
 *   session twice or give a diagnosis of unknown meaning, a name of the mapping is in no table, or a class has no session
 */
export function buildCohort(options: BuildOptions): BuiltCohort {
  const { source, classes, mapping } = options;
  const found = findImages(source, options.pattern);
  const { variant, images } = chooseVariant(source, found.candidates, options.variant);
  const place = options.tables ?? found.tables;
  if (place === null) {
    throw new InputError(
      source,
      'holds no participants.tsv, so diagnoses are not known',
      'Give the tables with --tables: a BIDS folder, or one merged table',
    );
  }
  const diagnoses = new Diagnoses(classes, mapping);
  const tables = readClinical(place, diagnoses);
  const exclusions = options.exclude === null ? null : readExclusions(options.exclude, images);
  const wanted = images.filter((image) => !exclusions?.lists(image));
  refuseUnknown(place, diagnosesOf(wanted, tables), diagnoses, classes);
  const known: Known = {
    ...tables,
    labels: labelStable(tables.sessions, options.unstable),
    listed: new Map(tables.sessions.map((session) => [keyOf(session), session])),
    visited: new Set(tables.sessions.map(({ participantId }) => participantId)),
  };
  const sessions: BuiltSession[] = [];
  const excluded: Excluded[] = [];
  for (const image of images) {
    const outcome = exclusions?.lists(image)
      ? { reason: `listed in ${options.exclude}` }
      : join(image, known, classes);
    if ('reason' in outcome) excluded.push({ ...identity(image), reason: outcome.reason });
    else sessions.push(outcome);
  }
  const filled = sessions.filter((session) => isFilled(known, session));
  excluded.push(...withoutImage(found, variant, images, tables));
  const imaged = new Set(images.flatMap((image) => [keyOf(image), image.participantId]));
  const mismatch = mismatchOf(
    wanted.filter((image) => !isListed(image, known)),
    tables.sessions.filter((session) => !imaged.has(keyOf(session))),
    [...tables.participants.keys()].filter((id) => !imaged.has(id)),
  );
  refuseNothing(source, sessions, excluded, classes, mismatch);
  return {
    kind: found.kind,
    variant,
    sessions: sessions.sort(inOrder),
    excluded: excluded.sort(inOrder),
    notes: [
      ...found.notes,
      ...tables.notes,
      ...diagnoses.notes(),
      ...notesOf(sessions, filled),
      mismatch,
      exclusions?.note,
    ].filter((note) => typeof note === 'string'),
  };
}

/** What the tables say, ready to be looked up. */
interface Known extends ClinicalTables {
  readonly labels: ReadonlyMap<ClinicalSession, Labelled>;
  /** by session */
  readonly listed: ReadonlyMap<string, ClinicalSession>;
  /** participants whose sessions are listed */
  readonly visited: ReadonlySet<string>;
}

/** The diagnoses that decide about these images: of all sessions of their participants, with or without an image. */
function diagnosesOf(
  images: readonly Candidate[],
  { sessions, participants }: ClinicalTables,
): (string | null)[] {
  const imaged = new Set(images.map(({ participantId }) => participantId));
  return [...sessions, ...participants.values()]
    .filter(({ participantId }) => imaged.has(participantId))
    .map(({ diagnosis }) => diagnosis);
}

/** Whether a session has the diagnosis of those before and after it. */
function isFilled({ listed, labels }: Known, built: BuiltSession): boolean {
  const label = labels.get(listed.get(keyOf(built))!);
  return label !== undefined && 'label' in label && label.filled === true;
}

function isListed(image: Candidate, { listed, participants, visited }: Known): boolean {
  return (
    listed.has(keyOf(image)) || (!visited.has(image.participantId) && participants.has(image.participantId))
  );
}

function join(image: Candidate, known: Known, classes: readonly string[]): BuiltSession | { reason: string } {
  const session = known.listed.get(keyOf(image));
  const participant = known.participants.get(image.participantId);
  const anyListed = known.visited.has(image.participantId);
  const told = session ?? (anyListed || !participant ? null : { ...participant, sessionId: image.sessionId });
  if (told === null)
    return { reason: anyListed ? 'session not in the tables' : 'participant not in the tables' };
  const label = session ? known.labels.get(session) : labelOf(told.diagnosis);
  if (label === undefined || 'reason' in label) return label ?? { reason: 'diagnosis not known' };
  if (!classes.includes(label.label)) return { reason: `diagnosis ${label.label} is not under study` };
  if (!existsSync(image.path)) return { reason: `image ${image.path} does not exist` };
  return { ...told, ...identity(image), diagnosis: label.label, path: image.path };
}

function labelOf(diagnosis: string | null): Labelled {
  return diagnosis === null ? { reason: 'diagnosis not known' } : { label: diagnosis };
}

const absent = /^image .* does not exist$/;

function refuseNothing(
  where: string,
  sessions: readonly BuiltSession[],
  excluded: readonly Excluded[],
  classes: readonly string[],
  mismatch: string | null,
): void {
  const lacking = classes.filter((name) => !sessions.some(({ diagnosis }) => diagnosis === name));
  if (lacking.length === 0) return;
  const lines = countReasons(excluded).map(([reason, count]) => `${count} sessions: ${reason}`);
  const gone = excluded.find(({ reason }) => absent.test(reason));
  throw new InputError(
    where,
    `leaves no session of ${lacking.join(' and none of ')}:${listed(lines, '\n  ', 20)}\n`,
    gone
      ? `Check the paths, such as that of ${gone.participantId} ${gone.sessionId}: ${gone.reason}`
      : `${mismatch === null ? '' : `${mismatch} `}Check --tables, --classes and --map`,
  );
}

function inOrder(a: Named, b: Named): number {
  return compareText(a.participantId, b.participantId) || compareSessionIds(a.sessionId, b.sessionId);
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Cohort } from '../../cohort/cohort.ts';
import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';
import { readGrid } from '../../cohort/nifti.ts';
import { firstSessions, type Session, sessionKey } from '../../cohort/session.ts';
import { readSplit } from '../../cohort/splits/split-table.ts';
import { readTable, requireColumns } from '../../cohort/table.ts';
import type { ImageStore } from '../../model/images.ts';
import { splitBeside } from '../../model/model-folder.ts';
import type { EvaluationSet } from './evaluate.ts';
import { imagesFor, type MaskTarget, readTarget } from './mask-inputs.ts';
import { findMu, type Mu } from './mask-mu.ts';
import { readNotedCohort } from './noted-cohort.ts';

/** Where the inputs of session masks come from. */
export interface SessionSources {
  readonly model: string;
  /** either a cohort's table or one image */
  readonly from: { readonly cohort: string } | { readonly image: string };
  /** the split's table; null for split.tsv beside the model */
  readonly split: string | null;
  readonly set: EvaluationSet;
  /** the first session of each participant only */
  readonly baseline: boolean;
  /** a table of the sessions that are asked for; null for all */
  readonly sessions: string | null;
  readonly className: string | null;
  readonly mu: number | string;
  readonly resample: boolean;
}

/** The inputs as read. */
export interface SessionInputs extends MaskTarget {
  readonly images: ImageStore;
  /** those of the class, before the network has been asked */
  readonly sessions: readonly Session[];
  readonly mu: Mu;
}

/** Reads all that session masks are made from but the images. @throws InputError for what is missing or does not fit */
export function readSessionInputs(sources: SessionSources): SessionInputs {
  const target = readTarget(sources);
  const { known, asked } = sessionsOf(sources, target);
  const sessions = asked.filter(({ diagnosis }) => diagnosis === target.className);
  if (sessions.length === 0) {
    throw new InputError(
      'cohort' in sources.from ? sources.from.cohort : sources.from.image,
      `holds no ${target.className} session among the ${asked.length} asked for`,
      'Choose another --class, or other sessions',
    );
  }
  const images = imagesFor(target.model, target.path, sessions);
  const cohort = 'cohort' in sources.from ? sources.from.cohort : null;
  const mu = findMu({ ...sources, cohort, grid: images.grid, known, sessions });
  return { ...target, images, sessions, mu };
}

function sessionsOf({ from, ...sources }: SessionSources, { path: model, ...target }: MaskTarget) {
  if ('image' in from) {
    readGrid(from.image); // one that is missing or no image is refused before a GPU is opened
    const asked = [sessionOfImage(from.image, target.className)];
    return { known: asked, asked };
  }
  const cohort = readNotedCohort(from.cohort, target.model.architecture.classes, { allowOneClass: true });
  const file = sources.split ?? splitBeside(model);
  const split =
    sources.split !== null || (sources.set !== 'all' && existsSync(file)) ? readSplit(file, cohort) : null;
  if (sources.set !== 'all' && split === null) {
    throw new InputError(
      file,
      'does not exist, so it is not known which images the network was trained with',
      'Give the split with --split FILE, or leave --set out',
    );
  }
  const ofSet = sources.set === 'all' ? cohort.sessions : split![sources.set];
  const first = sources.baseline ? firstSessions(ofSet) : ofSet;
  const asked = sources.sessions === null ? first : sessionsIn(sources.sessions, first, cohort);
  return { known: split?.train ?? cohort.sessions, asked };
}

/** The sessions that a table lists, in the cohort's order. @throws InputError naming those that are not there */
function sessionsIn(table: string, sessions: readonly Session[], cohort: Cohort): Session[] {
  const rows = readTable(table);
  requireColumns(rows, ['participant_id', 'session_id']);
  const key = (participant: string, session: string) => JSON.stringify([participant, sessionKey(session)]);
  const wanted = new Map(
    rows.rows.map((row, i) => [
      key(row.participant_id, row.session_id),
      `line ${i + 2}: ${row.participant_id} ${row.session_id}`,
    ]),
  );
  const found = sessions.filter((session) => wanted.delete(key(session.participantId, session.sessionId)));
  if (wanted.size === 0) return found;
  throw new InputError(
    table,
    `lists sessions that ${cohort.path} does not hold, or not among those asked for:${listed([...wanted.values()], '\n  ')}\n`,
    'Remove them, or ask for other sessions',
  );
}

/** A single image as a session: named by the BIDS entities of its file's name, or by the whole of it. */
function sessionOfImage(image: string, className: string): Session {
  const name = path.basename(image).replace(/\.(nii|hdr|img)(\.gz)?$/i, '');
  const [, participant] = /^sub-([A-Za-z0-9]+)/.exec(name) ?? [];
  const [, session] = /_ses-([A-Za-z0-9]+)/.exec(name) ?? [];
  return {
    participantId: `sub-${participant ?? name}`,
    sessionId: session ? `ses-${session}` : '',
    diagnosis: className,
    age: null,
    sex: null,
    mmse: null,
    cdr: null,
    path: path.resolve(image),
    line: 0,
  };
}

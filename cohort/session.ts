/** One visit of a participant, and its image. */
export interface Session {
  readonly participantId: string;
  readonly sessionId: string;
  readonly diagnosis: string;
  /** Years. */
  readonly age: number | null;
  readonly sex: 'F' | 'M' | null;
  /** Mini-mental state examination, 0 to 30. */
  readonly mmse: number | null;
  /** Global clinical dementia rating: 0, 0.5, 1, 2 or 3. */
  readonly cdr: number | null;
  /** Absolute path of the image. */
  readonly path: string;
  /** Line in the cohort's table. */
  readonly line: number;
}

/**
 * One name for a session, however it is spelled: `ses-M00`, `ses-M000`, `M0`, `bl` and `ses-BL` are all `M0` (the months
 * of ADNI, AIBL and Clinica), `ses-d0129` and `d129` are `D129` (the days of OASIS-3). Another name stays as it is.
 */
export function sessionKey(sessionId: string): string {
  const time = timeOf(sessionId);
  return time === null ? sessionId : `${time.unit}${time.count}`;
}

/** Orders session identifiers: by time first (baseline is month 0), then the others, numbers in them by value. */
export function compareSessionIds(a: string, b: string): number {
  const [monthsA, monthsB] = [monthsOf(a), monthsOf(b)];
  if (monthsA !== null && monthsB !== null && monthsA !== monthsB) return monthsA - monthsB;
  if ((monthsA === null) !== (monthsB === null)) return monthsA === null ? 1 : -1;
  return compareText(padded(a), padded(b)) || compareText(a, b);
}

/** Orders sessions by participant, then by session. */
export function compareSessions(a: Session, b: Session): number {
  return compareText(a.participantId, b.participantId) || compareSessionIds(a.sessionId, b.sessionId);
}

/** Sessions by participant: participants in the order of their identifiers, each one's sessions in theirs. */
export function byParticipant(sessions: readonly Session[]): Map<string, Session[]> {
  const groups = new Map<string, Session[]>();
  for (const session of [...sessions].sort(compareSessions)) {
    const group = groups.get(session.participantId);
    if (group) group.push(session);
    else groups.set(session.participantId, [session]);
  }
  return groups;
}

/** The first session of each participant, in the order of their identifiers (section 2.2.1: validation and test use one
 * session each). */
export function firstSessions(sessions: readonly Session[]): Session[] {
  return [...byParticipant(sessions).values()].map(([first]) => first);
}

/** How a session is named in messages and results. */
export function sessionName({
  participantId,
  sessionId,
}: Pick<Session, 'participantId' | 'sessionId'>): string {
  return `${participantId} ${sessionId}`;
}

/** Orders text by its code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Text whose numbers sort by value. */
function padded(text: string): string {
  return text.replace(/\d+/g, (digits) => digits.padStart(15, '0'));
}

const monthsPer = { D: 12 / 365.25, M: 1 } as const;

/** Months after baseline that a session identifier names, by months or by days; null where it names none. */
export function monthsOf(sessionId: string): number | null {
  const time = timeOf(sessionId);
  return time && time.count * monthsPer[time.unit];
}

function timeOf(sessionId: string): { unit: keyof typeof monthsPer; count: number } | null {
  const name = sessionId.replace(/^ses-/i, '');
  if (/^(bl|baseline)$/i.test(name)) return { unit: 'M', count: 0 };
  const time = /^([dm])(\d+)$/i.exec(name);
  return time && { unit: time[1].toUpperCase() as 'D' | 'M', count: Number(time[2]) };
}

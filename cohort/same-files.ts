import { existsSync, realpathSync, statSync } from 'node:fs';
import { listed } from './listed.ts';
import { type Session, sessionName } from './session.ts';

/** Finds sessions whose images are one file on disk, under one name or several (symbolic and hard links). */
export class SameFiles {
  private readonly owners = new Map<string, Session>();
  private readonly shared: string[] = [];
  private readonly links: boolean;

  /** @param links whether two names of one file are looked for, not only one name twice */
  constructor(links: boolean) {
    this.links = links;
  }

  /**
   * Takes a session's image.
   *
   * @param cell as the table names it
   * @returns what is wrong with it: it does not exist, or is that of another participant, who could stand on the other side
   *   of a split
   */
  faultOf(session: Session, cell: string): string | null {
    const found = identityOf(session.path);
    if (found === null)
      return `image ${cell} ${existsSync(session.path) ? 'is not a file' : 'does not exist'}`;
    const file = this.links ? found : session.path;
    const owner = this.owners.get(file);
    if (owner === undefined) {
      this.owners.set(file, session);
      return null;
    }
    if (owner.participantId !== session.participantId) {
      return `image ${cell} of ${sessionName(session)} is that of ${sessionName(owner)} in line ${owner.line}${owner.path === session.path ? '' : ' (a link)'}`;
    }
    this.shared.push(`${sessionName(owner)} and ${session.sessionId}`);
    return null;
  }

  /** A sentence about participants with one image for several sessions. */
  notes(): string[] {
    if (this.shared.length === 0) return [];
    return [`Sessions of one participant have one image: ${listed(this.shared, ', ', 5)}.`];
  }
}

/** What two names of one file share; null where there is no file. */
export function identityOf(file: string): string | null {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    if (!statSync(file).isFile()) return null;
    return ino > 0n ? `${dev}:${ino}` : realpathSync(file); // some network drives number no files
  } catch {
    return null;
  }
}

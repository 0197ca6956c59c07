import type { Decoded } from '../decoding/job.ts';
import { decodeAside } from '../decoding/pool.ts';
import { InputError } from '../error.ts';
import { plainIntensity } from '../intensity.ts';
import { noteValues } from '../reading-notes.ts';
import type { Session } from '../session.ts';

const AHEAD = 8; // images decoded before they are asked for

/** A session's image, or why it cannot be read. */
export type Read = { readonly session: Session } & ({ readonly image: Decoded } | { readonly fault: string });

/** Reads the sessions' images one after the other, some ahead by threads; what cannot be read is told and passed over. */
export async function* readEach(sessions: readonly Session[]): AsyncGenerator<Read> {
  const start = (session: Session | undefined) => (session ? attempt(session) : undefined);
  const ahead = sessions.slice(0, AHEAD).map(start);
  for (let i = 0; i < sessions.length; i++) {
    const read = await ahead.shift();
    ahead.push(start(sessions[i + AHEAD]));
    if (read === undefined) continue;
    if ('image' in read) noteValues(read.session.path, read.image); // here, in the order of the sessions
    yield read;
  }
}

async function attempt(session: Session): Promise<Read> {
  try {
    return { session, image: await decodeAside({ path: session.path, intensity: plainIntensity }) };
  } catch (error) {
    if (error instanceof InputError) return { session, fault: error.what };
    throw error;
  }
}

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process of which machine: enough to say later whether it still runs. */
export interface ProcessIdentity {
  readonly host: string;
  /** the machine's start; null where the system does not tell it */
  readonly boot: string | null;
  /** processes of one namespace see each other's ids; null where there are none */
  readonly namespace: string | null;
  readonly pid: number;
  /** when the process started, in units of the system; null where the system does not tell it */
  readonly started: string | null;
  /** drawn at random by each process */
  readonly token: string;
}

/** `unknown`: a process of another machine or container, which cannot be asked about from here. */
export type ProcessState = 'running' | 'gone' | 'unknown';

let own: ProcessIdentity | null = null;

/** This process. */
export function thisProcess(): ProcessIdentity {
  own ??= {
    host: hostname(),
    boot: bootOf(),
    namespace: orNull(() => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: lookUp(process.pid)?.started ?? null,
    token: randomBytes(8).toString('hex'),
  };
  return own;
}

/** A short name for a process, for names of files: a hash of machine and namespace, its id, its start. */
export function tagOf({ host, boot, namespace, pid, started }: ProcessIdentity): string {
  const machine = createHash('sha256').update(JSON.stringify([boot ?? host, namespace]));
  return `${machine.digest('hex').slice(0, 8)}-${pid}-${started ?? 'x'}`;
}

/** Whether the process of a tag is known to have ended; false where it cannot be asked about. */
export function isGone(tag: string): boolean {
  const [machine, pid, started] = tag.split('-');
  const self = thisProcess();
  if (!tagOf(self).startsWith(`${machine}-`)) return false;
  const other = { ...self, pid: Number(pid), started: started === 'x' ? null : started };
  return stateOf(other) === 'gone';
}

/** Whether a process still runs. A process id that another process has got since does not count. */
export function stateOf(other: ProcessIdentity): ProcessState {
  const self = thisProcess();
  if (self.boot === null || other.boot !== self.boot || other.namespace !== self.namespace) return 'unknown';
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'gone';
  }
  const found = lookUp(other.pid);
  if (found === null) return 'running'; // a system without /proc
  return found.ended || (other.started !== null && found.started !== other.started) ? 'gone' : 'running';
}

function bootOf(): string | null {
  if (process.platform === 'darwin')
    return orNull(() => execFileSync('/usr/sbin/sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' }));
  return orNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
}

/** A process by its id: its start in clock ticks since that of the machine, and whether it has ended and waits for its parent. */
function lookUp(pid: number): { started: string; ended: boolean } | null {
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return null;
  // proc(5): state is the third field, the start the 22nd; the second is a name in parentheses, which may contain anything
  const fields = stat.replace(/^.*\) /s, '').split(' ');
  return { started: fields[19], ended: fields[0] === 'Z' || fields[0] === 'X' };
}

function orNull(read: () => string): string | null {
  try {
    return read().trim();
  } catch {
    return null;
  }
}

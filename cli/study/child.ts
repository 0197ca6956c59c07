import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a command ended, and what it said. */
export interface Ended {
  /** exit code; null where a signal ended it */
  readonly code: number | null;
  readonly output: string;
  /** the last lines on standard error */
  readonly said: readonly string[];
}

export interface ChildOptions {
  /** folder in which the command runs */
  readonly folder: string;
  /** asks the command to save and stop */
  readonly signal: AbortSignal;
  /** each line on its standard error, as it comes */
  readonly onLine: (line: string) => void;
}

/** Set for the commands of a study. */
const ofStudy = 'VOXMASK_OF_STUDY';

const lastLines = 20;
const program = fileURLToPath(new URL('../main.js', import.meta.url));

/**
 * Runs a voxmask command as a process of its own, which ends when this one does. It has a process group of its own, so that
 * Ctrl-C reaches it once, through `signal`.
 */
export function runCommand(
  words: readonly string[],
  { folder, signal, onLine }: ChildOptions,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: folder,
    env: { ...process.env, [ofStudy]: 'yes' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const stop = () => child.kill('SIGINT');
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  let output = '';
  let unfinished = '';
  const said: string[] = [];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unfinished + text).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) {
      said.push(line);
      if (said.length > lastLines) said.shift();
      onLine(line);
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      resolve({ code, output, said: unfinished === '' ? said : [...said, unfinished] });
    });
  });
}

/** Makes this process, if it runs a study's command, end with the study; with one that has ended already, at once. */
export function endWithStudy(): void {
  if (process.env[ofStudy] === undefined) return;
  const end = () => process.exit(1);
  if (!process.connected) end();
  process.on('disconnect', end);
  process.channel?.unref();
}

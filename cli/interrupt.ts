/** Work that the user stopped (Ctrl-C, or a batch system's SIGTERM). The command line ends with 130. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted');
  }
}

/** What of the process the handler needs. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): unknown;
  readonly stderr: { write(text: string): unknown };
}

/**
 * One request to stop may arrive as several signals at the same moment: SLURM signals every process of a job, and what starts
 * a command (a study, a script) passes its own signal on.
 */
const sameRequest = 1000; // ms

/**
 * Runs long work that can be stopped. The first SIGINT or SIGTERM aborts the signal that the work was given: it
 * finishes its step, saves, and returns or throws. Another one, a second later or more, ends the process at once.
 *
 * @param work passes the signal on, or asks `signal.throwIfAborted()` between its steps
 * @param now the time in ms
 * @returns what the work returns
 * @throws Interrupted once the work has ended after an interruption, even if it returned normally
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T> | T,
  source: SignalSource = process,
  now: () => number = () => performance.now(),
): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const stop = () => {
    if (controller.signal.aborted) {
      if (now() - first < sameRequest) return;
      source.stderr.write('\nvoxmask: stopped at once; the steps under way were not saved.\n');
      source.exit(130);
      return;
    }
    const words = 'finishing the steps under way and saving. Press Ctrl-C again to stop at once.';
    source.stderr.write(`\nvoxmask: interrupted; ${words}\n`);
    first = now();
    controller.abort(new Interrupted());
  };
  source.on('SIGINT', stop);
  source.on('SIGTERM', stop);
  try {
    const result = await work(controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } finally {
    source.off('SIGINT', stop);
    source.off('SIGTERM', stop);
  }
}

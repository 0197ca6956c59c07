/** Work that was stopped by Ctrl-C, a batch system's SIGTERM, or a terminal that closed. The command line ends with 130. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor() {
    super('interrupted');
  }
}

/** The signals that ask a command to save and stop. */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof stopSignals)[number];

/** What of the process the handler needs. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
  exit(code: number): unknown;
  readonly stderr: { write(text: string): unknown };
}

/**
/**
 * One request to stop may arrive as several signals at the same moment: SLURM signals every process of a job, and what starts
 * a command (a study, a script) passes its own signal on.
 */
const sameRequest = 1000; // ms

/**
 * Runs long work that can be stopped. The first signal aborts the work: it finishes its step, saves, and returns or throws.
 * Another one, a second later or more, ends the process at once. Only SIGHUP does not count as another after SIGHUP: of one
 * terminal that closes, the shell and the kernel both send it.
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
  let first: { readonly signal: StopSignal; readonly at: number } | undefined;
  const stop = (signal: StopSignal) => {
    if (first === undefined) {
      first = { signal, at: now() };
      const words = 'finishing the steps under way and saving. Press Ctrl-C again to stop at once.';
      source.stderr.write(`\nvoxmask: interrupted; ${words}\n`);
      controller.abort(new Interrupted());
    } else if (now() - first.at >= sameRequest && (signal !== 'SIGHUP' || first.signal !== 'SIGHUP')) {
      source.stderr.write('\nvoxmask: stopped at once; the steps under way were not saved.\n');
      source.exit(130);
    }
  };
  const listeners = stopSignals.map((signal) => [signal, () => stop(signal)] as const);
  for (const [signal, listener] of listeners) source.on(signal, listener);
  try {
    const result = await work(controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } finally {
    for (const [signal, listener] of listeners) source.off(signal, listener);
  }
}

import type { InputError } from '../cohort/error.ts';
import { systemError, writeError } from '../cohort/system-error.ts';
import { onOneLine, printable } from '../report/printable.ts';
import { Interrupted } from './interrupt.ts';

/** A command line that cannot be understood: unknown command or option, missing or impossible value. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The command whose help explains, if one was recognised. */
  command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}

/** Errors by name whose message already says everything (they come from rooms that do not know this one). */
const complete = new Set(['GpuError', 'DeviceLostError', 'LeakError']);

/**
 * The exit code of a failed command: 1 in general, 2 for a command line that cannot be understood, 75 when the
 * device was lost (the work can be taken up again), 130 after an interruption, 0 when the reader of the output left.
 */
export function exitCode(error: unknown): number {
  if (error instanceof UsageError) return 2;
  if (error instanceof Interrupted) return 130;
  if (isClosedPipe(error)) return 0;
  return nameOf(error) === 'DeviceLostError' ? 75 : 1;
}

/**
 * Tells the user what went wrong, on standard error. What the user can mend is one line; anything else is a bug of
 * this program and shows where it happened.
 */
export function reportFailure(
  error: unknown,
  stream: { write(text: string): unknown } = process.stderr,
): void {
  if (isClosedPipe(error)) return;
  const known = systemError(error) ?? error;
  const message = printable(messageOf(known));
  if (known instanceof UsageError) {
    const command = known.command ? `${known.command} ` : '';
    stream.write(`voxmask: ${message}\nSee: voxmask ${command}--help\n`);
  } else if (known instanceof Interrupted || complete.has(nameOf(known)) || isInputError(known)) {
    stream.write(`voxmask: ${message}\n`);
  } else {
    const trace =
      known instanceof Error && known.stack ? known.stack.split('\n').filter(isFrame).join('\n') : '';
    const bug =
      'This is a bug in voxmask. Please report it with the lines above and the command that you ran.';
    stream.write(`voxmask: ${message}\n${trace ? `${trace}\n` : ''}${bug}\n`);
  }
}

/** An error's sentence. What it names (a file, a column) stays on one line; the rest may have several. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof UsageError) return onOneLine(error.message);
  if (!isInputError(error)) return error.message;
  const { where, what, fix } = error as InputError;
  return `${onOneLine(where)}: ${what}. ${fix}.`;
}

/**
 * A reader that leaves early, as in `voxmask ... | head`, is no failure: nothing is said, and the program ends. A terminal
 * that was closed must not end a training that runs on without it, or saves.
 */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    if (!isClosedTerminal(error)) throw writeError('standard output', error);
  });
  process.stderr.on('error', () => {});
}

function isClosedTerminal({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EIO' || code === 'ENXIO' || code === 'EBADF';
}

function isFrame(line: string): boolean {
  return /^\s+at /.test(line);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function isInputError(error: unknown): boolean {
  return error instanceof Error && 'where' in error && 'what' in error && 'fix' in error;
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

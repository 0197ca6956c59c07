import { printable } from '../report/printable.ts';

/** What of an output stream is needed here. */
interface Output {
  write(text: string): unknown;
}

/** How a guarded stream writes without its guard. */
const unguarded = new WeakMap<object, (text: string) => unknown>();

/**
 * From now on all text that leaves through these streams is `printable`: names of files and of classes come from anywhere,
 * and this is the one place that every message and every table passes.
 */
export function guardTerminal(streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams) {
    const write = stream.write.bind(stream) as (chunk: unknown, ...more: unknown[]) => boolean;
    unguarded.set(stream, write);
    stream.write = ((chunk: unknown, ...more: unknown[]) =>
      write(typeof chunk === 'string' ? printable(chunk) : chunk, ...more)) as typeof stream.write;
  }
}

/** Writes a text that steers the terminal on purpose, as a progress bar does. What it holds of names is `printable` already. */
export function writeControls(stream: Output, text: string): void {
  const write = unguarded.get(stream);
  if (write) write(text);
  else stream.write(text);
}

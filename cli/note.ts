import { printable } from '../report/printable.ts';

const said = new Set<string>();

/** Writes to standard error, once, what was taken for granted; results on standard output stay as they are. */
export function note(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  process.stderr.write(`note: ${printable(text)}\n`);
}

import { afterEach, beforeEach, vi } from 'vitest';

/** What the test under way has printed: results on standard output, talk on standard error. */
export const printed = { out: '', err: '' };

/** Collects what every test of a file prints, in place of printing it. */
export function collectPrinted(): void {
  beforeEach(() => {
    printed.out = '';
    printed.err = '';
    vi.spyOn(console, 'log').mockImplementation((text: string) => {
      printed.out += `${text}\n`;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      printed.err += String(text);
      return true;
    });
  });
  afterEach(() => vi.restoreAllMocks());
}

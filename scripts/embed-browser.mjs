// Writes report/browser/index.ts: the report's scripts and style as strings, so that a page carries them itself. Rewritten
// only when one changed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const folder = new URL('../report/browser/', import.meta.url);
const text = (file) => JSON.stringify(readFileSync(new URL(file, folder), 'utf8'));
const content = `// Made by scripts/embed-browser.mjs from the files beside it.
/** What a report's page carries: its scripts and its style. */
export const browser = {
  print: ${text('print.js')},
  viewer: ${text('viewer.js')},
  style: ${text('style.css')},
} as const;
`;
const target = new URL('index.ts', folder);
if (!existsSync(target) || readFileSync(target, 'utf8') !== content) writeFileSync(target, content);

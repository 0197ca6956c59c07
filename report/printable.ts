/**
 * Control characters of Unicode (C0 but tab and newline, DEL, C1) and those that change the direction or the place of what
 * follows: in a file's name they could recolour, hide or rewrite what a terminal shows.
 */
const unsafe =
  /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu;

/**
 * A text as it may be shown on a terminal: what would steer the terminal stands as an escape, as \u001b. Tabs and newlines
 * stay. JSON stays the same JSON, since it has the same escapes.
 */
export function printable(text: string): string {
  return text.replace(unsafe, escaped);
}

/** As `printable`, and tabs and newlines as escapes too: for names, whose line and column must hold. */
export function onOneLine(text: string): string {
  return printable(text).replace(/[\t\n]/g, escaped);
}

function escaped(found: string): string {
  return Array.from(
    { length: found.length },
    (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}

/** How many items a message lists. */
export const mostListed = 10;

const mostCharacters = 300; // of an item: a long path and what is wrong with it

/**
 * Items for a message: the first ones, and how many more there are.
 *
 * @param separator between the items, and before each where it starts a line (`'\n  '`)
 * @param most how many are shown
 * @param of how many there are in all, where not every one is given
 */
export function listed(
  items: readonly string[],
  separator = ', ',
  most = mostListed,
  of = items.length,
): string {
  const shown = items.slice(0, most).map((item) => clipped(item));
  const rest = of - shown.length;
  const last = separator.includes('\n') ? `${separator}and ${rest} more` : ` and ${rest} more`;
  return (separator.startsWith('\n') ? separator : '') + shown.join(separator) + (rest > 0 ? last : '');
}

/** A text from a file as a message quotes it: its beginning, and three dots where it is longer. */
export function clipped(text: string, most = mostCharacters): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

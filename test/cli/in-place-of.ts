/** A command line with further options, in place of its own of the same name: an option is given once only. */
export function inPlaceOf(words: readonly string[], more: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    if (words[i].startsWith('--') && more.includes(words[i])) {
      if (words[i + 1] !== undefined && !words[i + 1].startsWith('--')) i++;
    } else kept.push(words[i]);
  }
  return [...kept, ...more];
}

/**
 * A command line as yargs takes it, without the `--` that ends the options: yargs would hand what follows to no argument of the
 * command. What it would take for an option there, as a file called "-x.tsv", or for the value of a switch, becomes a
 * path that it cannot: "./-x.tsv".
 */
export function withoutDashes(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  if (end < 0) return [...words];
  const named = words.slice(end + 1).map((word) => (/^-|^(true|false)$/.test(word) ? `./${word}` : word));
  return [...words.slice(0, end), ...named];
}

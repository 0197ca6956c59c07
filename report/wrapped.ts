import { textWidth } from './font.ts';

/**
 * Breaks a text into lines at its spaces; a word that is wider than a line is broken where it has to be.
 *
 * @param width of a line, in the font's units: pixels divided by the text's size
 */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((one) => pieces(one, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  const characters = [...word];
  const found: string[] = [];
  while (characters.length > 0) {
    let count = characters.length;
    while (count > 1 && textWidth(characters.slice(0, count).join('')) > width) count--;
    found.push(characters.splice(0, count).join(''));
  }
  return found;
}

import type { Segment } from './canvas.ts';

/*
 * A 5 x 7 alphabet (two more rows hold descenders), drawn here so that pictures need no font file. Every sheet
 * begins with its characters; below, each character is five columns wide. The pixels are not painted as squares:
 * neighbouring ones are joined by strokes, which the canvas smooths, so one alphabet serves every size.
 */
const sheets = [
  `
0     1     2     3     4     5     6     7     8     9
.##.. ..#.. .##.. .##.. ..#.. ####. .##.. ####. .##.. .##..
#..#. .##.. #..#. #..#. .##.. #.... #..#. ...#. #..#. #..#.
#..#. ..#.. ...#. ...#. .##.. #.... #.... ...#. #..#. #..#.
#..#. ..#.. ..#.. .##.. #.#.. ###.. ###.. ..#.. .##.. .###.
#..#. ..#.. .#... ...#. ####. ...#. #..#. ..#.. #..#. ...#.
#..#. ..#.. #.... #..#. ..#.. #..#. #..#. .#... #..#. #..#.
.##.. ..#.. ####. .##.. ..#.. .##.. .##.. .#... .##.. .##..`,
  `
A     B     C     D     E     F     G     H     I     J     K     L     M
..#.. ####. .###. ####. ##### ##### .###. #...# ###.. ...#. #...# #.... #...#
.#.#. #...# #...# #...# #.... #.... #...# #...# .#... ...#. #..#. #.... ##.##
#...# #...# #.... #...# #.... #.... #.... #...# .#... ...#. #.#.. #.... #.#.#
#...# ####. #.... #...# ####. ####. #.### ##### .#... ...#. ##... #.... #.#.#
##### #...# #.... #...# #.... #.... #...# #...# .#... ...#. #.#.. #.... #...#
#...# #...# #...# #...# #.... #.... #...# #...# .#... #..#. #..#. #.... #...#
#...# ####. .###. ####. ##### #.... .###. #...# ###.. .##.. #...# ##### #...#`,
  `
N     O     P     Q     R     S     T     U     V     W     X     Y     Z
#...# .###. ####. .###. ####. .###. ##### #...# #...# #...# #...# #...# #####
##..# #...# #...# #...# #...# #...# ..#.. #...# #...# #...# #...# #...# ....#
#.#.# #...# #...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#.
#.#.# #...# ####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#..
#.#.# #...# #.... #...# #.#.. ....# ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#...
#..## #...# #.... #..#. #..#. #...# ..#.. #...# .#.#. ##.## #...# ..#.. #....
#...# .###. #.... .##.# #...# .###. ..#.. .###. ..#.. #...# #...# ..#.. #####`,
  `
a     b     c     d     e     f     g     h     i     j     k     l     m
..... #.... ..... ...#. ..... ..#.. ..... #.... #.... ..#.. #.... #.... .....
..... #.... ..... ...#. ..... .#... ..... #.... ..... ..... #.... #.... .....
.##.. ###.. .##.. .###. .##.. ###.. .###. ###.. #.... ..#.. #..#. #.... ##.#.
...#. #..#. #..#. #..#. #..#. .#... #..#. #..#. #.... ..#.. #.#.. #.... #.#.#
.###. #..#. #.... #..#. ####. .#... #..#. #..#. #.... ..#.. ##... #.... #.#.#
#..#. #..#. #..#. #..#. #.... .#... #..#. #..#. #.... ..#.. #.#.. #.... #.#.#
.###. ###.. .##.. .###. .###. .#... .###. #..#. #.... ..#.. #..#. .#... #.#.#
..... ..... ..... ..... ..... ..... ...#. ..... ..... ..#..
..... ..... ..... ..... ..... ..... .##.. ..... ..... ##...`,
  `
n     o     p     q     r     s     t     u     v     w     x     y     z
..... ..... ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... .....
..... ..... ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... .....
###.. .##.. ###.. .###. #.#.. .###. ###.. #..#. #...# #...# #...# #..#. ####.
#..#. #..#. #..#. #..#. ##... #.... .#... #..#. #...# #.#.# .#.#. #..#. ...#.
#..#. #..#. #..#. #..#. #.... .##.. .#... #..#. .#.#. #.#.# ..#.. #..#. .##..
#..#. #..#. #..#. #..#. #.... ...#. .#... #..#. .#.#. #.#.# .#.#. #..#. #....
#..#. .##.. ###.. .###. #.... ###.. ..#.. .###. ..#.. .#.#. #...# .###. ####.
..... ..... #.... ...#. ..... ..... ..... ..... ..... ..... ..... ...#.
..... ..... #.... ...#. ..... ..... ..... ..... ..... ..... ..... .##..`,
  `
.     ,     :     ;     -     +     =     (     )     [     ]     /     |
..... ..... ..... ..... ..... ..... ..... ..#.. #.... ###.. ###.. ...#. #....
..... ..... ..... ..... ..... ..#.. ..... .#... .#... #.... ..#.. ...#. #....
..... ..... #.... .#... ..... ..#.. ####. #.... ..#.. #.... ..#.. ..#.. #....
..... ..... ..... ..... ###.. ##### ..... #.... ..#.. #.... ..#.. ..#.. #....
..... ..... ..... ..... ..... ..#.. ####. #.... ..#.. #.... ..#.. .#... #....
..... .#... ..... .#... ..... ..#.. ..... .#... .#... #.... ..#.. .#... #....
#.... .#... #.... .#... ..... ..... ..... ..#.. #.... ###.. ###.. #.... #....
..... #.... ..... #....`,
  `
%     _     '     "     <     >     *     #     ?     !     &     ^     ~
##... ..... #.... #.#.. ..... ..... ..... .#.#. .###. #.... .##.. ..#.. .....
##..# ..... #.... #.#.. ...#. #.... #.#.# .#.#. #...# #.... #..#. .#.#. .....
...#. ..... ..... ..... ..#.. .#... .###. ##### ....# #.... #.#.. #...# .#..#
..#.. ..... ..... ..... .#... ..#.. ##### .#.#. ..##. #.... .#... ..... #.##.
.#... ..... ..... ..... ..#.. .#... .###. ##### ..#.. #.... #.#.# ..... .....
#..## ..... ..... ..... ...#. #.... #.#.# .#.#. ..... ..... #..#. ..... .....
...## ..... ..... ..... ..... ..... ..... .#.#. ..#.. #.... .##.# ..... .....
..... ####.`,
];

/** Rows from the top of a capital letter to its foot; text is placed by its top, in these units. */
export const capHeight = 7;

interface Glyph {
  readonly width: number;
  readonly strokes: readonly Segment[];
}

const space: Glyph = { width: 2.5, strokes: [] };
const glyphs = new Map<string, Glyph>(sheets.flatMap(readSheet));

function readSheet(sheet: string): [string, Glyph][] {
  const [characters, ...rows] = sheet.slice(1).split('\n');
  return characters.split(/\s+/).map((character, i) => {
    const cells = rows.map((row) => row.slice(6 * i, 6 * i + 5));
    return [character, { width: width(character, cells), strokes: join(cells) }];
  });
}

/** Digits all advance alike, so that numbers stand in columns; other characters take the room they fill. */
function width(character: string, cells: string[]): number {
  if (/\d/.test(character)) return 4;
  return 1 + Math.max(...cells.map((row) => row.lastIndexOf('#')));
}

/** Joins a lit pixel to its lit neighbours; a diagonal only where no right-angled way leads there. */
function join(cells: string[]): Segment[] {
  const lit = (x: number, y: number) => cells[y]?.[x] === '#';
  const strokes: Segment[] = [];
  for (let y = 0; y < cells.length; y++) {
    for (let x = 0; x < 5; x++) {
      if (!lit(x, y)) continue;
      const to = (dx: number, dy: number) => strokes.push([x, y, x + dx, y + dy]);
      to(0, 0);
      if (lit(x + 1, y)) to(1, 0);
      if (lit(x, y + 1)) to(0, 1);
      if (lit(x + 1, y + 1) && !lit(x + 1, y) && !lit(x, y + 1)) to(1, 1);
      if (lit(x - 1, y + 1) && !lit(x - 1, y) && !lit(x, y + 1)) to(-1, 1);
    }
  }
  return strokes;
}

/** The strokes of a line of text in font units (a capital is 7 high), from its top left corner at 0, 0. */
export function textStrokes(text: string): Segment[] {
  const strokes: Segment[] = [];
  let left = 0.5;
  for (const character of text) {
    const glyph = glyphOf(character);
    for (const [x0, y0, x1, y1] of glyph.strokes) strokes.push([x0 + left, y0 + 0.5, x1 + left, y1 + 0.5]);
    left += glyph.width + 1;
  }
  return strokes;
}

/** The width of a line of text in font units. */
export function textWidth(text: string): number {
  let sum = 0;
  for (const character of text) sum += glyphOf(character).width + 1;
  return Math.max(0, sum - 1);
}

/** A character that the alphabet lacks is shown as a question mark, accented letters without their accent. */
function glyphOf(character: string): Glyph {
  if (character.trim() === '') return space;
  return glyphs.get(character) ?? glyphs.get(character.normalize('NFD')[0]) ?? (glyphs.get('?') as Glyph);
}

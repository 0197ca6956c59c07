import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { InputError } from '../cohort/error.ts';
import { clipped } from '../cohort/listed.ts';

/** A place in a YAML text: the keys that lead there, and its line. */
export interface YamlPlace {
  readonly path: readonly PropertyKey[];
  readonly line: number;
}

/** A YAML text as data, and where in it things stand. */
export interface Yaml {
  readonly value: unknown;
  /** Keys and items that have no value: null, or a text of spaces. */
  readonly empty: readonly YamlPlace[];
  /** The line of what a path leads to, or of the nearest above it that is there. */
  lineOf(path: readonly PropertyKey[]): number;
}

/**
 * Reads YAML (JSON is YAML too).
 *
 * @param where names the text in messages
 * @throws InputError with the line of the first fault
 */
export function readYaml(text: string, where: string): Yaml {
  const lines = new LineCounter();
  try {
    // By itself the parser compares each key with all others of its map, which takes minutes for very many.
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
    // It takes the overflow of its stack for a fault of the text.
    if (document.errors.some(({ message }) => message.includes('call stack'))) throw new RangeError();
    for (const error of document.errors) throw yamlFault(error, where, lines);
    const empty = checkNodes(document, where, lines);
    return {
      value: document.toJS() ?? {},
      empty,
      lineOf: (path) => {
        for (let length = path.length; length > 0; length--) {
          const line = lineAt(document.getIn(path.slice(0, length), true), lines);
          if (line !== null) return line;
        }
        return 1;
      },
    };
  } catch (error) {
    if (error instanceof InputError) throw error;
    // The library throws for nesting that overflows the stack and for aliases that multiply without bound.
    const deep = error instanceof RangeError;
    const what = deep ? 'is nested too deeply' : `not sound YAML: ${firstLine((error as Error).message)}`;
    throw new InputError(where, what, deep ? 'Write it flatter' : 'Write its values out, without aliases');
  }
}

/** What to do about a fault, by the code that the library gives it. */
const fixes: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'Quote a value that begins with * or &, as "*.tsv"',
  BAD_SCALAR_START: 'Quote a value that begins with @, ` or %',
  BLOCK_AS_IMPLICIT_KEY: 'Quote a value that contains ": "',
  MULTIPLE_DOCS: 'Leave one document: no line --- within the file',
  TAB_AS_INDENT: 'Indent by spaces',
};

function yamlFault(error: YAMLError, where: string, lines: LineCounter): InputError {
  const { line } = lines.linePos(error.pos[0]);
  const what = firstLine(error.message).replace(/ at line \d+, column \d+:?$/, '');
  return new InputError(
    `${where} line ${line}`,
    `not sound YAML: ${what}`,
    fixes[error.code] ?? 'Mend it there',
  );
}

/** Refuses aliases that stand for nothing, and keys given twice. @returns where values are empty */
function checkNodes(document: Document, where: string, lines: LineCounter): YamlPlace[] {
  const empty: YamlPlace[] = [];
  const check = (node: unknown, path: readonly PropertyKey[], fallback: number) => {
    const line = lineAt(node, lines) ?? fallback;
    if (isAlias(node)) {
      if (node.resolve(document)) return;
      const what = `*${node.source} is an alias in YAML, and there is no &${node.source} before it`;
      throw new InputError(`${where} line ${line}`, what, fixes.BAD_ALIAS);
    }
    if (isMap(node)) {
      const seen = new Set<string>();
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        if (seen.has(name)) {
          const at = `${where} line ${lineAt(key, lines) ?? line}`;
          throw new InputError(at, `gives ${clipped(name)} twice`, 'Leave one of them');
        }
        seen.add(name);
        check(value, [...path, name], lineAt(key, lines) ?? line);
      }
    } else if (isSeq(node)) for (const [i, item] of node.items.entries()) check(item, [...path, i], line);
    else {
      const value = isScalar(node) ? node.value : node;
      const blank =
        value === null || value === undefined || (typeof value === 'string' && value.trim() === '');
      if (blank && path.length > 0) empty.push({ path, line: fallback });
    }
  };
  check(document.contents, [], 1);
  return empty;
}

function lineAt(node: unknown, lines: LineCounter): number | null {
  const range = (node as { range?: readonly number[] } | null | undefined)?.range;
  return range ? lines.linePos(range[0]).line : null;
}

function firstLine(text: string): string {
  return text.split('\n')[0];
}

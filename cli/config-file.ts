import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { readBounded } from '../cohort/bounded-file.ts';
import { bounds } from '../cohort/bounds.ts';
import { InputError } from '../cohort/error.ts';
import { clipped, listed } from '../cohort/listed.ts';

const mostPlaced = 100; // faults whose lines are looked up

/** A fault of a configuration: where in the text, and what. */
interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Reads a configuration in YAML (JSON is YAML too) and checks it against a schema.
 *
 * @param schema made of z.strictObject, so that a misspelt key is a fault
 * @throws InputError that lists all faults, each with its line; a key that is unknown comes with the nearest known one
 */
export function readConfig<T extends z.ZodType>(file: string, schema: T): z.output<T> {
  let text: string;
  try {
    text = readBounded(file, bounds.configBytes, 'a configuration').toString();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw new InputError(file, `the configuration cannot be read (${code})`, 'Check the path');
  }
  return parseConfig(text, schema, file);
}

/** The same from a text; `where` names it in messages. @throws InputError as `readConfig` */
export function parseConfig<T extends z.ZodType>(text: string, schema: T, where: string): z.output<T> {
  const lines = new LineCounter();
  const document = composed(text, lines, where);
  if (document.errors.length > 0) {
    const [first] = document.errors;
    const { line } = lines.linePos(first.pos[0]);
    const what = first.message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, '');
    throw new InputError(`${where} line ${line}`, `not sound YAML: ${what}`, 'Mend it there');
  }
  const parsed = schema.safeParse(plainOf(document, lines, where) ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue, schema));
  const lineOf = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const placed = faults.slice(0, mostPlaced).map((fault) => ({ ...fault, line: lineOf(fault.path) }));
  placed.sort((a, b) => a.line - b.line);
  const told = placed.map(({ path, message, line }) => {
    const name = path.map(String).join('.');
    return `line ${line}${name ? `, ${clipped(name)}` : ''}: ${message}`;
  });
  const what =
    told.length === 1 ? told[0] : `${faults.length} faults:${listed(told, '\n  ', 20, faults.length)}\n `;
  throw new InputError(where, what, 'Mend them in the file');
}

function composed(text: string, lineCounter: LineCounter, where: string): Document {
  // By itself the parser compares each key with all others of its map, which takes minutes; see refuseRepeatedKeys.
  const document = parseDocument(text, { lineCounter, uniqueKeys: false });
  // The parser turns the overflow of its stack into a fault of the text.
  if (document.errors.some(({ message }) => message.includes('call stack'))) throw tooDeep(where);
  return document;
}

function refuseRepeatedKeys(document: Document, lines: LineCounter, where: string): void {
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value))
          throw new InputError(
            `${where} line ${lines.linePos(key.range![0]).line}`,
            `gives ${clipped(String(key.value))} twice`,
            'Keep one of the two',
          );
        seen.add(key.value);
      }
    },
  });
}

/** The values, with aliases resolved. */
function plainOf(document: Document, lines: LineCounter, where: string): unknown {
  try {
    refuseRepeatedKeys(document, lines, where);
    return document.toJS();
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (error instanceof RangeError) throw tooDeep(where);
    // The parser refuses aliases that multiply their values without end, and those of nothing.
    throw new InputError(
      where,
      `its aliases (*name) cannot be resolved: ${(error as Error).message}`,
      'Write the values out',
    );
  }
}

function tooDeep(where: string): InputError {
  return new InputError(where, 'its values are nested too deeply', 'Write it as docs/formats.md shows');
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType): Fault[] {
  if (issue.code === 'invalid_union') {
    const entered = issue.errors.filter(
      (branch) => branch.some(({ path }) => path.length > 0) || isInside(branch),
    );
    if (entered.length === 1)
      return entered[0].flatMap((inner) =>
        faultsOf({ ...inner, path: [...issue.path, ...inner.path] }, schema),
      );
  }
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: lowerFirst(issue.message) }];
  const known = keysAt(schema, issue.path);
  return issue.keys.map((key, i) => {
    const near = i < mostPlaced ? nearest(key.slice(0, 100), known) : undefined;
    const hint = near ? `did you mean ${near}?` : `known are ${listed(known, ', ', 50)}`;
    return { path: [...issue.path, key], message: `unknown key; ${hint}` };
  });
}

/** Whether a value is of a branch's kind, so that the branch's faults are what is wrong with it. */
function isInside(branch: readonly z.core.$ZodIssue[]): boolean {
  return branch.every(
    ({ code }) => code !== 'invalid_type' && code !== 'invalid_value' && code !== 'invalid_union',
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The keys that a schema takes at a place of the configuration, read from its JSON schema. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  type Node = {
    properties?: Record<string, Node>;
    items?: Node;
    anyOf?: Node[];
    oneOf?: Node[];
    additionalProperties?: Node | boolean;
  };
  const root = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input', reused: 'inline' }) as Node;
  let nodes: Node[] = [root];
  const spread = (node: Node): Node[] => [
    node,
    ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(spread),
  ];
  for (const key of path) {
    nodes = nodes.flatMap(spread).flatMap((node) => {
      const extra = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
      const next = typeof key === 'number' ? node.items : (node.properties?.[String(key)] ?? extra);
      return next ? [next] : [];
    });
  }
  return nodes.flatMap(spread).flatMap((node) => Object.keys(node.properties ?? {}));
}

/** The name that takes the fewest changes of letters, if it is close. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => ({ name, far: distance(word, name) })).sort((a, b) => a.far - b.far);
  return ranked[0] && ranked[0].far <= Math.max(2, word.length / 3) ? ranked[0].name : undefined;
}

/** How many letters must be added, left out or replaced (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
    }
    row = next;
  }
  return row[b.length];
}

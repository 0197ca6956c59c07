import { z } from 'zod';
import { bounds } from '../cohort/bounds.ts';
import { InputError } from '../cohort/error.ts';
import { clipped, listed } from '../cohort/listed.ts';
import { readInputText } from '../cohort/read-file.ts';
import { onOneLine } from '../report/printable.ts';
import { nearest } from './nearest.ts';
import { readYaml } from './yaml.ts';

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
  const limit = { most: bounds.configBytes, kind: 'a configuration' };
  return parseConfig(readInputText(file, 'Save it as YAML in UTF-8', limit), schema, file);
}

/** The same from a text; `where` names it in messages. @throws InputError as `readConfig` */
export function parseConfig<T extends z.ZodType>(text: string, schema: T, where: string): z.output<T> {
  const { value, empty, lineOf } = readYaml(text, where);
  const parsed = schema.safeParse(value);
  if (parsed.success && empty.length === 0) return parsed.data;
  const issues = parsed.success ? [] : parsed.error.issues;
  const faults = issues
    .flatMap((issue) => faultsOf(issue, schema))
    // an empty value is one fault, whatever the schema says of it
    .filter(({ path }) => !empty.some((one) => isBelow(one.path, path)));
  const missing = 'has no value: give one, or leave the key out';
  const placed = [
    ...faults.slice(0, mostPlaced).map((fault) => ({ ...fault, line: lineOf(fault.path) })),
    ...empty.slice(0, mostPlaced).map((place) => ({ ...place, message: missing })),
  ];
  placed.sort((a, b) => a.line - b.line);
  const count = faults.length + empty.length;
  const told = placed.map(({ path, message, line }) => {
    const name = path.map(String).join('.');
    return `line ${line}${name ? `, ${onOneLine(clipped(name))}` : ''}: ${message}`;
  });
  const what = count === 1 ? told[0] : `${count} faults:${listed(told, '\n  ', 20, count)}\n `;
  throw new InputError(where, what, 'Mend them in the file');
}

/** Whether a path is another one, or leads further down from it. */
function isBelow(above: readonly PropertyKey[], path: readonly PropertyKey[]): boolean {
  return above.every((key, i) => key === path[i]);
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
    if (key === '<<')
      return { path: [...issue.path, key], message: 'merge keys are not read: write the keys out' };
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

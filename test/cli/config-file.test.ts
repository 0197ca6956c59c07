import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../../cli/config-file.ts';
import { nearest } from '../../cli/nearest.ts';
import { InputError } from '../../cohort/error.ts';

const schema = z.strictObject({
  seed: z.int().min(0).default(0),
  network: z.strictObject({ channels: z.array(z.int().min(1)), dropout: z.number().max(1).optional() }),
  points: z.array(z.strictObject({ lambda1: z.number() })).optional(),
});
const read = (text: string) => parseConfig(text, schema, 'study.yaml');

it('reads YAML and JSON, with defaults', () => {
  expect(read('network:\n  channels: [8, 16] # two blocks\n')).toEqual({
    seed: 0,
    network: { channels: [8, 16] },
  });
  expect(read('{"seed": 3, "network": {"channels": [1]}}')).toEqual({ seed: 3, network: { channels: [1] } });
});

it('tells every fault at once, each with its line, and the nearest known key', () => {
  const text = 'sed: 1\nnetwork:\n  chanels: [8]\n  dropout: 2\npoints:\n  - lambda: 1\n';
  const faults = (() => {
    try {
      return read(text);
    } catch (error) {
      return String(error);
    }
  })();
  expect(faults).toMatch(/study\.yaml: 6 faults:/);
  expect(faults).toMatch(/line 1, sed: unknown key; did you mean seed\?/);
  expect(faults).toMatch(/line 3, network\.chanels: unknown key; did you mean channels\?/);
  expect(faults).toMatch(/line \d, network\.channels: invalid input: expected array/);
  expect(faults).toMatch(/line 4, network\.dropout: too big/);
  expect(faults).toMatch(/line 6, points\.0\.lambda: unknown key; did you mean lambda1\?/);
});

it('says where the YAML itself is broken', () => {
  expect(() => read('network:\n  channels: [8\n')).toThrow(/study\.yaml line \d: not sound YAML/);
});

it('finds a near name, and none where all are far', () => {
  expect(nearest('epochz', ['epochs', 'seed'])).toBe('epochs');
  expect(nearest('xyzzy', ['epochs', 'seed'])).toBeUndefined();
});

it('of a value that may be of two kinds, tells the faults of the kind that it is', () => {
  const either = z.strictObject({
    rate: z.union([z.number().max(1), z.strictObject({ choices: z.array(z.number().max(1)) })], {
      error: 'takes a number or choices',
    }),
  });
  const fault = (text: string) => () => parseConfig(text, either, 'space.yaml');
  expect(fault('rate: 2')).toThrow(/line 1, rate: too big/);
  expect(fault('rate:\n  choices:\n    - 0.5\n    - 3')).toThrow(/line 4, rate\.choices\.1: too big/);
  expect(fault('rate: { choises: [1] }')).toThrow(/rate\.choises: unknown key; did you mean choices\?/);
  expect(fault('rate: [1]')).toThrow(/line 1, rate: takes a number or choices\./);
});

const loose = z.strictObject({
  source: z.string().optional(),
  seed: z.number().optional(),
  list: z.array(z.string()).optional(),
  more: z.strictObject({ tables: z.string().optional() }).optional(),
});
const refusal = (text: string) => () => parseConfig(text, loose, 'study.yaml');

it.each([
  ['seed:', /study\.yaml: line 1, seed: has no value: give one, or leave the key out/],
  ['source: "x"\nseed: null', /line 2, seed: has no value/],
  ['source: ""', /line 1, source: has no value/],
  ["source: ' \t'", /line 1, source: has no value/],
  ['more:\n  tables: ~', /line 2, more\.tables: has no value/],
  ['more:', /line 1, more: has no value/],
  ['list:\n  - a\n  -', /list\.1: has no value/],
  ['{"seed": null}', /line 1, seed: has no value/],
  ['source: &caps', /line 1, source: has no value/],
])('takes no empty value: %j', (text, fault) => {
  expect(refusal(text)).toThrow(fault);
  expect(refusal(text)).not.toThrow(/expected|faults/);
});

it.each([
  [
    'source: *.tsv',
    /study\.yaml line 1: \*\.tsv is an alias in YAML.*Quote a value that begins with \* or &/,
  ],
  ['seed: 1\nlist: [a, *b]', /line 2: \*b is an alias/],
  ['source: *', /line 1: not sound YAML: .*Quote a value that begins with \*/],
  ['seed: 1\nseed: 2', /line 2: gives seed twice\. Leave one of them/],
  ['more:\n\ttables: x', /line 2: not sound YAML: .*Indent by spaces/],
  ['source: @here', /line 1: not sound YAML: .*Quote a value that begins with @/],
  ['source: a: b', /line 1: not sound YAML: .*Quote a value that contains ": "/],
  ['seed: 1\n---\nseed: 2', /not sound YAML: .*Leave one document/],
  ['<<: {seed: 1}', /line 1, <<: merge keys are not read: write the keys out/],
  [bomb(), /not sound YAML: Excessive alias count.*Write its values out/],
  [`list: ${'['.repeat(20_000)}`, /nested too deeply|not sound YAML/],
  ['just text', /line 1: invalid input/],
])('explains a slip of YAML in one sentence: %j', (text, fault) => {
  expect(refusal(text)).toThrow(InputError);
  expect(refusal(text)).toThrow(fault);
});

/** Aliases of aliases: a text of some lines that stands for millions of values. */
function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, i) =>
      `l${i}: &l${i} [${Array(9)
        .fill(i === 0 ? 'x' : `*l${i - 1}`)
        .join(', ')}]`,
  );
  return levels.join('\n');
}

it('refuses whatever text with a sentence', () => {
  const pieces = [
    'seed',
    'source',
    ': ',
    ':\n',
    '- ',
    '*a',
    '&a ',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '\n',
    '  ',
    '\t',
    '#',
    '!!map ',
    '<<',
    '? ',
    '|',
    '>',
    '0x',
    '.nan',
    '%',
    '@',
    '---',
    'null',
    '~',
    '\u0000',
    '\ufeff',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 14 }), (parts) => {
      try {
        parseConfig(parts.join(''), loose, 'study.yaml');
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 2000 },
  );
});

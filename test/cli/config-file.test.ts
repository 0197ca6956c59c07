import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../../cli/config-file.ts';
import { nearest } from '../../cli/nearest.ts';

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

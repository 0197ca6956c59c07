import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseConfig, readConfig } from '../../cli/config-file.ts';
import { put, temporaryFolder } from '../cohort/raw-nifti.ts';

const schema = z.strictObject({ seed: z.int().optional(), lists: z.unknown().optional() });
const complaint = (text: string) => {
  try {
    parseConfig(text, schema, 'study.yaml');
  } catch (error) {
    return error as Error;
  }
  return new Error('read');
};

it('refuses aliases that multiply, and lists nested without end', () => {
  const letters = [...'abcdefghi'];
  const lines = letters.map((name, i) => {
    const items = Array.from({ length: 9 }, () => (i === 0 ? 'x' : `*${letters[i - 1]}`));
    return `  ${name}: &${name} [${items}]`;
  });
  const laughs = complaint(`lists:\n${lines.join('\n')}\n`);
  expect([laughs.name, laughs.message]).toEqual([
    'InputError',
    expect.stringMatching(/^study\.yaml: not sound YAML: Excessive alias count.*Write its values out/),
  ]);
  const deep = complaint(`lists: ${'['.repeat(100_000)}`);
  expect([deep.name, deep.message]).toEqual(['InputError', expect.stringContaining('nested too deeply')]);
  const shallow = complaint(`lists: ${'['.repeat(100)}${']'.repeat(100)}`);
  expect(shallow.message).toBe('read');
});

it('lists some of a thousand faults, and counts them all', () => {
  const keys = Array.from({ length: 1000 }, (_, i) => `key${i}: 1`);
  const { message } = complaint(`${keys.join('\n')}\n`);
  expect(message).toMatch(/^study\.yaml: 1000 faults:\n {2}line 1, key0: unknown key/);
  expect(message).toMatch(/\n {2}line 20, key19: .*\n {2}and 980 more\n/);
  expect(message.length).toBeLessThan(3000);
});

it('refuses a file that is larger than any configuration', () => {
  const file = put(temporaryFolder(), 'large.yaml', `seed: 1 #${'x'.repeat(300_000)}\n`);
  expect(() => readConfig(file, schema)).toThrow(
    /large\.yaml: is larger than 0\.25 MiB, the most that a config/,
  );
});

it('takes a file of as many keys as fit, and finds one that is there twice', () => {
  const keys = Array.from({ length: 25_000 }, (_, i) => `k${i.toString(36)}: 1`);
  expect(complaint(`lists:\n  ${keys.join('\n  ')}\n`).message).toBe('read');
  expect(complaint(`lists:\n  ${[...keys, 'kzz: 2'].join('\n  ')}\n`).message).toMatch(
    /^study\.yaml line 25002: gives kzz twice/,
  );
});

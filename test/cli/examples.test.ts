import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readSpace, searchSchema } from '../../cli/jobs/search-config.ts';
import { readTrainConfig, trainSchema } from '../../cli/jobs/train-config.ts';
import { readStudy } from '../../cli/study/config.ts';
import { paperSpace } from '../../model/search-space.ts';
import { settingsOf } from '../../model/settings.ts';

it('the example of a space is the space that is searched without one', () => {
  expect(readSpace('examples/search.yaml')).toEqual(paperSpace);
});

it('the example of a configuration is sound', () => {
  const { channels, 'sub-blocks': subBlocks, ...rest } = settingsOf(readTrainConfig('examples/train.yaml'));
  expect([channels, subBlocks]).toEqual([
    [8, 16, 32, 64],
    [1, 1, 1, 1],
  ]);
  expect(rest).toMatchObject({ 'learning-rate': 5e-4, 'batch-size': 4, epochs: 20, dropout: 0.5 });
});

it('the examples of studies are sound', () => {
  const studies = readdirSync('examples').filter((file) =>
    /^(quick|paper|paper-simulated|study-3mm|defaults)\.yaml$/.test(file),
  );
  expect(studies).toHaveLength(5);
  for (const file of studies) expect(() => readStudy(`examples/${file}`), file).not.toThrow();
});

// After a change of a schema: npm run build && node scripts/write-schemas.mjs
it.each([
  ['examples/search.schema.json', searchSchema],
  ['examples/train.schema.json', trainSchema],
] as const)('%s is what editors need of the schema that is checked', async (file, schema) => {
  const made = z.toJSONSchema(schema, { io: 'input' });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(made)));
});

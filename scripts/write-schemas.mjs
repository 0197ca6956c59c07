// Writes the JSON schemas of examples/ for editors, from the built program: node scripts/write-schemas.mjs
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { searchSchema } from '../dist/cli/jobs/search-config.js';
import { trainSchema } from '../dist/cli/jobs/train-config.js';

const files = { 'examples/search.schema.json': searchSchema, 'examples/train.schema.json': trainSchema };
for (const [file, schema] of Object.entries(files))
  writeFileSync(file, JSON.stringify(z.toJSONSchema(schema, { io: 'input' })));
execFileSync('npx', ['biome', 'format', '--write', ...Object.keys(files)], { stdio: 'inherit' });

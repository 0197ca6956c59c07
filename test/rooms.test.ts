import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** Which rooms each room may import from (docs/architecture.md). No arrow runs upward. */
const allowed: Record<string, string[]> = {
  kernels: [],
  engine: ['kernels'],
  cohort: [],
  model: ['engine', 'cohort'],
  masking: ['engine', 'model', 'cohort'],
  report: ['cohort'],
  cli: ['engine', 'cohort', 'model', 'masking', 'report', 'bench'],
  bench: ['engine', 'model', 'masking'],
};

function sources(room: string): string[] {
  return readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(room, file));
}

function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]);
}

describe('rooms', () => {
  for (const [room, below] of Object.entries(allowed)) {
    it(`${room} imports only ${below.join(', ') || 'nothing of ours'}`, () => {
      for (const file of sources(room)) {
        for (const target of imports(file).filter((name) => name.startsWith('.'))) {
          const owner = path.normalize(path.join(path.dirname(file), target)).split(path.sep)[0];
          expect([room, ...below], `${file} imports ${target}`).toContain(owner);
        }
      }
    });
  }

  it('the engine outside engine/node touches neither files nor the process', () => {
    for (const file of sources('engine').filter((name) => !name.startsWith(path.join('engine', 'node')))) {
      expect(imports(file).filter((name) => name.startsWith('node:') || name === 'webgpu')).toEqual([]);
      expect(readFileSync(file, 'utf8')).not.toMatch(/\bprocess\./);
    }
  });

  it('only the engine sees GPU buffers', () => {
    for (const room of ['cohort', 'model', 'masking', 'report', 'cli']) {
      for (const file of sources(room)) expect(readFileSync(file, 'utf8'), file).not.toMatch(/GPUBuffer\b/);
    }
  });
});

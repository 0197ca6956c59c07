import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../cohort/error.ts';

const unit = z.object({
  id: z.string(),
  experiments: z.array(z.string()).default([]),
  title: z.string(),
  command: z.array(z.string()),
  out: z.string(),
  status: z.enum(['done', 'failed', 'missing']),
  seconds: z.number().nullish(),
  error: z.string().nullish(),
});
const file = z.object({ name: z.string(), units: z.array(unit) });

/** A study as its `study.json` tells. */
export type StudyFile = z.infer<typeof file>;

/** @returns null for a folder that is no study's @throws InputError when its `study.json` is damaged */
export function readStudyFile(root: string): StudyFile | null {
  const place = path.join(root, 'study.json');
  if (!existsSync(place)) return null;
  const fix = 'Run "voxmask study" again, which writes it anew';
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(place, 'utf8'));
  } catch (error) {
    throw new InputError(place, `is no JSON (${(error as Error).message})`, fix);
  }
  const parsed = file.safeParse(content);
  if (parsed.success) return parsed.data;
  const [{ path: at, message }] = parsed.error.issues;
  throw new InputError(place, `is no study's (${at.join('.')}: ${message})`, fix);
}

import { isMissing } from '../../../cohort/table.ts';

/** A cell as a number; null where there is none. */
export function numberOf(cell: unknown): number | null {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  if (typeof cell !== 'string' || isMissing(cell)) return null;
  const value = Number(cell);
  return Number.isFinite(value) ? value : null;
}

/** A member of a sidecar, by its names from outside in; undefined where any of them is missing. */
export function member(of: unknown, ...names: readonly string[]): unknown {
  let at: unknown = of;
  for (const name of names) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

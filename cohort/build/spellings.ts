import { isMissing } from '../table.ts';

const spellings: Readonly<Record<string, readonly string[]>> = {
  CN: ['cn', 'nc', 'hc', 'nl', 'normal', 'control', 'healthy', 'healthy control', 'cognitively normal'],
  AD: ['ad', 'dementia', 'alzheimer', "alzheimer's disease", 'alzheimers disease', 'probable ad'],
  MCI: ['mci', 'emci', 'lmci', 'mild cognitive impairment'],
};

/**
 * A diagnosis by one name: the user's own mapping first, then the usual spellings of CN, AD and MCI, letter case aside.
 * Another stays as it is; null where there is none.
 */
export function diagnosisOf(
  cell: string | undefined,
  mapping: ReadonlyMap<string, string> = new Map(),
): string | null {
  if (cell === undefined || isMissing(cell) || cell.toLowerCase() === 'nan') return null;
  const own = mapping.get(cell) ?? mapping.get(cell.toLowerCase());
  if (own !== undefined) return own;
  const word = cell.toLowerCase();
  const known = Object.entries(spellings).find(([, words]) => words.includes(word));
  return known ? known[0] : cell;
}

/** F or M; null where it is not known; undefined where the cell says something else. */
export function sexOf(cell: string | undefined): 'F' | 'M' | null | undefined {
  if (cell === undefined || isMissing(cell) || cell.toLowerCase() === 'nan') return null;
  if (/^(f|female|woman)$/i.test(cell)) return 'F';
  if (/^(m|male|man)$/i.test(cell)) return 'M';
  return undefined;
}

/** A number with a point or a comma; `89+`, as BIDS writes high ages, is 89. Null where there is none, else NaN. */
export function numberOf(cell: string | undefined): number | null {
  if (cell === undefined || isMissing(cell) || cell.toLowerCase() === 'nan') return null;
  const text = cell.replace(/^(\d+),(\d+)$/, '$1.$2').replace(/\+$/, '');
  return text === '' ? Number.NaN : Number(text);
}

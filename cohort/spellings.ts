import { listed } from './listed.ts';
import { isMissing } from './table.ts';

const spellings: Readonly<Record<string, readonly string[]>> = {
  CN: [
    ...['cn', 'nc', 'hc', 'nl', 'cu', 'ctl', 'ctrl', 'normal', 'normals', 'control', 'controls', 'healthy'],
    ...['normal control', 'normal controls', 'healthy control', 'healthy controls', 'healthy volunteer'],
    ...['cognitively normal', 'cognitively unimpaired', 'cognitively healthy', 'normal cognition'],
    ...['unimpaired', 'nondemented', 'non demented', 'not demented', 'no dementia'],
  ],
  AD: [
    ...['ad', 'dementia', 'demented', 'dat', 'probable ad', 'possible ad', 'ad dementia', 'dementia ad'],
    ...['alzheimer', 'alzheimers', 'alzheimer disease', 'alzheimers disease', 'probable alzheimers disease'],
    ...['alzheimer dementia', 'alzheimers dementia', 'dementia of alzheimer type'],
    ...['dementia of the alzheimer type', 'dementia of alzheimers type', 'dementia due to ad'],
  ],
  MCI: [
    ...['mci', 'emci', 'lmci', 'amci', 'early mci', 'late mci', 'mild cognitive impairment'],
    ...['amnestic mci', 'amnestic mild cognitive impairment'],
    ...['early mild cognitive impairment', 'late mild cognitive impairment'],
  ],
  SMC: ['smc', 'scd', 'subjective cognitive decline', 'subjective memory complaints'],
  FTD: ['ftd', 'bvftd', 'frontotemporal dementia'],
  DLB: ['dlb', 'lbd', 'dementia with lewy bodies', 'lewy body dementia'],
  PD: ['pd', 'parkinsons disease', 'parkinson disease'],
  VaD: ['vad', 'vascular dementia'],
};

/** A word without letter case, apostrophes (straight or curly), and the ways to separate its parts. */
function plain(word: string): string {
  return word
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['\u2018\u2019\u02bc`\u00b4]/g, '')
    .replace(/[\s_-]+/g, ' ')
    .trim();
}

const nameOf = new Map(
  Object.entries(spellings).flatMap(([name, words]) => words.map((word) => [word, name] as const)),
);

/** Reads diagnoses by one name each, and knows which names it did not understand and which of the user's had no use. */
export class Diagnoses {
  private readonly classes: ReadonlyMap<string, string>;
  private readonly mapping: ReadonlyMap<string, readonly [from: string, to: string]>;
  private readonly used = new Set<string>();
  private readonly taken = new Map<string, number>();

  /** @param mapping names to take for others, the user's own; it goes before all else */
  constructor(classes: readonly string[], mapping: ReadonlyMap<string, string> = new Map()) {
    this.classes = new Map(classes.map((name) => [plain(name), name]));
    this.mapping = new Map([...mapping].map(([from, to]) => [plain(from), [from, to]]));
  }

  /**
   * The name of a diagnosis: as the user maps it; a class, letter case aside; or a usual spelling of CN, AD, MCI and some
   * others. Another stays as it is. Null where there is none.
   */
  read(cell: string | undefined): string | null {
    const word = plain(cell ?? '');
    const own = this.mapping.get(word);
    if (own !== undefined) {
      this.used.add(own[0]);
      return this.classes.get(plain(own[1])) ?? own[1];
    }
    const asIs = this.classes.get(word);
    if (asIs !== undefined || isUnknown(cell)) return asIs ?? null;
    const usual = nameOf.get(word);
    if (usual !== undefined && plain(usual) !== word) this.taken.set(cell!, (this.taken.get(cell!) ?? 0) + 1);
    return usual ?? cell!;
  }

  /** Whether a name that `read` gave was understood. */
  knows(name: string): boolean {
    const mapped = [...this.mapping.values()].some(([, to]) => to === name);
    return mapped || this.classes.has(plain(name)) || nameOf.has(plain(name));
  }

  /** Which spellings were taken for which names, and in how many cells; nothing where all had their name. */
  notes(): string[] {
    const lines = [...this.taken].map(
      ([cell, count]) => `"${cell}" as ${nameOf.get(plain(cell))} (${count})`,
    );
    return lines.length > 0 ? [`Diagnoses are read by their usual names: ${listed(lines, ', ', 20)}.`] : [];
  }

  /** The user's names that no cell had. */
  unused(): string[] {
    return [...this.mapping.values()].map(([from]) => from).filter((from) => !this.used.has(from));
  }
}

/** Codes for a value that is not known: ADNI, NACC and AIBL use negative numbers for it. */
const codes = /^-(1|4|9|99|999|9999)(\.0+)?$/;
const words = new Set(['none', 'unknown', 'unk', 'missing', '?']);

/** True for a cell of a clinical table that holds no value, by a word or by one of the usual codes. */
export function isUnknown(cell: string | undefined): boolean {
  return isMissing(cell) || codes.test(cell!) || words.has(cell!.toLowerCase());
}

const otherSex = /^(o|other|others|n|u|intersex|diverse|non-?binary)$/i;

/** F or M; null where it is not known; `other` where it is neither; undefined where the cell says something else. */
export function sexOf(cell: string | undefined): 'F' | 'M' | 'other' | null | undefined {
  if (isUnknown(cell)) return null;
  if (/^(f|female|woman)$/i.test(cell!)) return 'F';
  if (/^(m|male|man)$/i.test(cell!)) return 'M';
  return otherSex.test(cell!) ? 'other' : undefined;
}

/**
 * A decimal number with a point or a comma; `89+`, as BIDS writes high ages, is 89. Null where there is none, else NaN:
 * `0x4A` is no age, though JavaScript reads it as 74.
 */
export function numberOf(cell: string | undefined): number | null {
  if (isUnknown(cell)) return null;
  const text = cell!.replace(/^(\d+),(\d+)$/, '$1.$2').replace(/^(\d.*)\+$/, '$1');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

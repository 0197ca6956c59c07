import { type RegionUse, topRegions } from './regions.ts';

/** How many of several masks have a region, or a structure on either side, among their top ones. */
export interface RegionCount {
  readonly name: string;
  readonly masks: number;
}

export interface TopCounts {
  /** of each mask, densest first; a region that it leaves alone is none of them */
  readonly top: readonly (readonly RegionUse[])[];
  /** most frequent first */
  readonly regions: readonly RegionCount[];
  /** the same with `_L` and `_R` taken together, each mask counted once (paper, section 3.2.1) */
  readonly structures: readonly RegionCount[];
}

/** The top regions of each mask, and in how many masks each is among them (paper, section 2.4: five). */
export function countTop(uses: readonly (readonly RegionUse[])[], count: number): TopCounts {
  const top = uses.map((use) => topRegions(use, count).filter(({ density }) => density > 0));
  const names = top.map((regions) => regions.map(({ region }) => region.name));
  return {
    top,
    regions: counted(names),
    structures: counted(names.map((each) => each.map((name) => name.replace(/_[LR]$/, '')))),
  };
}

function counted(lists: readonly (readonly string[])[]): RegionCount[] {
  const counts = new Map<string, number>();
  for (const list of lists) for (const name of new Set(list)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, masks]) => ({ name, masks }))
    .sort((a, b) => b.masks - a.masks || (a.name < b.name ? -1 : 1));
}

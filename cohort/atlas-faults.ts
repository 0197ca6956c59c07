import type { Atlas, Region } from './atlas.ts';
import { InputError } from './error.ts';

/** Names in Clinica's table of AAL2 that lost a letter, what they should be, and the same region on the other side. */
const misspelt = [
  { wrong: 'FCmed_L', right: 'OFCmed_L', twin: 'OFCmed_R' },
  { wrong: 'CFCpost_R', right: 'OFCpost_R', twin: 'OFCpost_L' },
] as const;

/**
 * Mends the misspelt names of Clinica's AAL2 table. A name is taken for misspelt only where the region's twin is there under
 * its right name, so that no other atlas is touched.
 *
 * @returns the regions, and a note for each name that was mended
 */
export function mendNames(regions: readonly Region[]): { regions: Region[]; mended: string[] } {
  const names = new Set(regions.map(({ name }) => name));
  const rightOf = new Map(
    misspelt
      .filter(({ right, twin }) => names.has(twin) && !names.has(right))
      .map(({ wrong, right }) => [wrong as string, right as string]),
  );
  return {
    regions: regions.map((region) => ({ ...region, name: rightOf.get(region.name) ?? region.name })),
    mended: regions.flatMap(({ name }) => {
      const right = rightOf.get(name);
      return right ? [`${name} is read as ${right}`] : [];
    }),
  };
}

/**
 * The atlas as its table read in 2019, when the paper's regions were measured: the row Amygdala_L had the value of Amygdala_R,
 * so the right amygdala counts twice and the left one's voxels belong to no region.
 *
 * @throws InputError when the atlas lacks either region
 */
export function asIn2019(atlas: Atlas): Atlas {
  const right = atlas.regions.find(({ name }) => name === 'Amygdala_R');
  if (!right || !atlas.regions.some(({ name }) => name === 'Amygdala_L')) {
    throw new InputError(
      atlas.path ?? 'atlas',
      'has no Amygdala_L and Amygdala_R, whose values the table of 2019 confused',
      'Leave --table-2019 out; it is for AAL2',
    );
  }
  const regions = atlas.regions.map((region) =>
    region.name === 'Amygdala_L' ? { ...region, value: right.value } : region,
  );
  return { ...atlas, regions };
}

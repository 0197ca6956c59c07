import { existsSync } from 'node:fs';
import path from 'node:path';
import { readPlanted } from '../../../cohort/truth.ts';
import { attempt, type Context, locate, resultsOf } from './context.ts';
import { member, textsOf } from './numbers.ts';
import type { Shown } from './shown.ts';

/** The regions that a simulated training cohort lost gray matter in; null for real data, or without any. */
export function readPlantedRegions(context: Context): readonly Shown[] | null {
  const { file: fileName, region } = context.identity;
  const told = resultsOf(context, 'mask group').map(({ options }) => textsOf(options.planted));
  const own = told.find((regions) => regions.length > 0);
  if (own) return own.map(region);
  const folders = [context.root, ...resultsOf(context, 'simulate').map(({ folder }) => folder)];
  // A simulation's own atlas lies beside its truth, and so does a table that is used as it was simulated.
  const beside = resultsOf(context, 'train', 'mask group').flatMap(({ options, folder }) =>
    [options.cohort, member(options, 'atlas', 'image')].flatMap((given) => {
      const found = locate(context, given, folder);
      return found ? [path.dirname(found)] : [];
    }),
  );
  const file = [...folders, ...beside]
    .map((folder) => path.join(folder, 'truth.json'))
    .find((one) => existsSync(one));
  const planted = file === undefined ? null : attempt(context, fileName(file), () => readPlanted(file));
  return planted?.map(region) ?? null;
}

import { InputError } from '../../cohort/error.ts';
import { type Atlas, type CohortPlace, cohortUnits } from './cohort-units.ts';
import type { StudyConfig } from './config.ts';
import { maskUnits } from './mask-units.ts';
import { networkUnits } from './network-units.ts';
import type { Unit } from './unit.ts';

/** What the units of a study share. */
export interface Places {
  readonly train: CohortPlace;
  readonly independent: CohortPlace | null;
  readonly atlas: Atlas;
}

/**
 * The units of a study (docs/method.md, experiments): cohorts, splits, networks of every fold and run, their accuracy, the
 * grid, group and session masks, and the comparisons.
 *
 * @throws InputError when there is no atlas to compare masks over
 */
export function unitsOf(study: StudyConfig): Unit[] {
  const { train, independent } = study.cohorts;
  const first = cohortUnits(train);
  const second = independent ? cohortUnits(independent) : null;
  const atlas: Atlas | null = study.atlas ? { ...study.atlas, from: null } : first.place.atlas;
  if (!atlas)
    throw new InputError(
      'study',
      'has no atlas, over whose regions masks are compared',
      'Name its image and labels under "atlas"',
    );
  const places: Places = { train: first.place, independent: second?.place ?? null, atlas };
  return [
    ...first.units,
    ...(second?.units ?? []),
    ...networkUnits(study, places),
    ...maskUnits(study, places),
  ];
}

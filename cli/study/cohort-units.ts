import type { CohortConfig } from './config.ts';
import { type OptionValues, optionWords } from './option-schema.ts';
import type { Unit } from './unit.ts';

/** Regions of interest. */
export interface Atlas {
  readonly image: string;
  readonly labels: string;
  /** the unit that makes it; null where it lies outside the study */
  readonly from: string | null;
}

/** Where a study finds a prepared cohort. */
export interface CohortPlace {
  readonly name: string;
  /** table of the images that passed the quality check */
  readonly table: string;
  /** the unit that writes it */
  readonly from: string;
  /** a simulated cohort's own */
  readonly atlas: Atlas | null;
}

/** What units have in common that compute nothing on a GPU. */
export const preparing = { experiments: [], inputs: [], gpu: false, again: 'overwrite' } as const;

/** From a source, or a simulation, to checked images and table 1 (paper, sections 2.1 and 2.3.1). */
export function cohortUnits(cohort: CohortConfig): { units: Unit[]; place: CohortPlace } {
  const { name, simulate, tables } = cohort;
  const folder = `cohort-${name}`;
  const id = (step: string) => `${folder}/${step}`;
  const simulated = id('simulated');
  const units: Unit[] = [];
  if (simulate)
    units.push({
      ...preparing,
      id: id('simulate'),
      title: `Simulation of ${name}`,
      command: ['simulate', simulated, ...optionWords(simulate as OptionValues)],
      out: simulated,
      needs: [],
    });
  const isTable = simulate ? simulate.layout !== 'caps' : cohort.source!.endsWith('.tsv') && !tables;
  const source = simulate ? `${simulated}/${isTable ? 'cohort.tsv' : 'caps'}` : cohort.source!;
  const clinical = simulate && !isTable ? `${simulated}/bids` : tables;
  const needs = simulate ? [id('simulate')] : [];
  const inputs = simulate ? [] : [cohort.source!, ...(tables === undefined ? [] : [tables])];
  if (!isTable)
    units.push({
      ...preparing,
      id: id('build'),
      title: `Cohort ${name}`,
      command: [
        'cohort',
        'build',
        source,
        ...(clinical === undefined ? [] : ['--tables', clinical]),
        ...optionWords(cohort.build as OptionValues),
        '--out',
        id('build'),
      ],
      out: id('build'),
      needs,
      inputs,
    });
  const table = isTable ? source : `${id('build')}/cohort.tsv`;
  units.push({
    ...preparing,
    id: id('check'),
    title: `Quality of the images of ${name}`,
    command: ['cohort', 'check', table, ...optionWords(cohort.check as OptionValues), '--out', id('check')],
    out: id('check'),
    needs: isTable ? needs : [id('build')],
    inputs: isTable ? inputs : [],
  });
  const accepted = `${id('check')}/accepted.tsv`;
  units.push({
    ...preparing,
    id: id('describe'),
    title: `Table 1 of ${name}`,
    command: [
      'cohort',
      'describe',
      accepted,
      '--format',
      'tsv',
      '--out',
      `${id('describe')}/table1.tsv`,
      '--overwrite',
    ],
    out: id('describe'),
    needs: [id('check')],
    again: 'plain',
  });
  const atlas: Atlas | null = simulate
    ? { image: `${simulated}/atlas.nii.gz`, labels: `${simulated}/atlas.tsv`, from: id('simulate') }
    : null;
  return { units, place: { name, table: accepted, from: id('check'), atlas } };
}

import { defaultArchitecture } from '../../model/architecture.ts';
import { listOption } from '../options.ts';

const classes = listOption({
  default: defaultArchitecture.classes.join(','),
  describe: 'Diagnoses to take; the one under study last',
});

/** The classes, as every command that reads a cohort's table takes them. */
export const classesOption = { ...classes, coerce: (text: string) => classes.coerce(text) ?? [] };

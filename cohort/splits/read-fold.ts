import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Cohort } from '../cohort.ts';
import { InputError } from '../error.ts';
import { requireFolder } from '../read-file.ts';
import type { Split } from './folds.ts';
import { readPublishedFold } from './published.ts';
import { readSplit } from './split-table.ts';

/** A fold that was drawn before, and how many of its listed sessions the cohort lacks. */
export interface GivenFold {
  readonly split: Split;
  readonly absent: number;
  /** what was taken for granted in its lists, a sentence each */
  readonly notes?: readonly string[];
}

/** The name of a fold's table in a folder of folds. */
export function foldFile(fold: number): string {
  return `fold-${fold}.tsv`;
}

/**
 * Reads a fold: from a split's table; from a folder that `voxmask split kfold` wrote; or from ClinicaDL's lists.
 *
 * @param place file or folder
 * @param fold counted from 0; of no meaning for a table
 * @throws InputError when nothing is there, it is none of these, or it does not fit the cohort
 */
export function readFold(place: string, fold: number, classes: readonly string[], cohort: Cohort): GivenFold {
  if (!existsSync(place)) {
    throw new InputError(place, 'does not exist', 'Give the table of a split, or a folder of folds');
  }
  if (statSync(place).isFile()) return { split: readSplit(place, cohort), absent: 0 };
  requireFolder(place, 'Give the table of a split, or a folder of folds');
  if (existsSync(path.join(place, foldFile(0)))) {
    const file = path.join(place, foldFile(fold));
    if (existsSync(file)) return { split: readSplit(file, cohort), absent: 0 };
    throw new InputError(place, `has no fold ${fold}`, 'Folds are counted from 0');
  }
  const published = readPublishedFold(place, fold, classes, cohort);
  if (published === null) {
    throw new InputError(
      place,
      `holds no folds: neither ${foldFile(0)}, nor train_splits-5/split-0/, nor split-0/`,
      'Give what "voxmask split kfold" wrote, or the lists of ClinicaDL',
    );
  }
  const { train, validation, absent, notes } = published;
  return { split: { train, validation }, absent: absent.train + absent.validation, notes };
}

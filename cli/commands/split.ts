import type { CommandModule } from 'yargs';
import { splitKfoldCommand } from './split-kfold.ts';
import { splitTestCommand } from './split-test.ts';

/** `voxmask split`: who trains, who validates, who tests. */
export const split: CommandModule = {
  command: 'split',
  describe: 'Set a matched test set aside, and cut the rest into folds',
  builder: (yargs) =>
    yargs
      .command(splitTestCommand)
      .command(splitKfoldCommand)
      .demandCommand(1, 'Which split? There are: voxmask split test, voxmask split kfold')
      .example('$0 split test cohort.tsv --size 100 --out test', '100 participants per class, matched')
      .example('$0 split kfold test/train-validation.tsv --out folds', 'five folds of the others'),
  handler: () => {},
};

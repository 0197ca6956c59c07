import type { Command, CommandGroup } from '../command-tree.ts';
import { splitKfoldCommand } from './split-kfold.ts';
import { splitTestCommand } from './split-test.ts';

const subcommands: readonly Command[] = [splitTestCommand, splitKfoldCommand];

/** `voxmask split`: who trains, who validates, who tests. */
export const split: CommandGroup = {
  subcommands,
  command: 'split',
  describe: 'Set a matched test set aside, and cut the rest into folds',
  builder: (yargs) =>
    yargs
      .command([...subcommands])
      .demandCommand(1, 'Which split? There are: voxmask split test, voxmask split kfold')
      .example('$0 split test cohort.tsv --size 100 --out test', '100 participants per class, matched')
      .example('$0 split kfold test/train-validation.tsv --out folds', 'five folds of the others'),
  handler: () => {},
};

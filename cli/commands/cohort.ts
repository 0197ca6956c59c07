import type { Command, CommandGroup } from '../command-tree.ts';
import { cohortBuildCommand } from './cohort-build.ts';
import { cohortCheckCommand } from './cohort-check.ts';
import { cohortDescribeCommand } from './cohort-describe.ts';

const subcommands: readonly Command[] = [cohortBuildCommand, cohortCheckCommand, cohortDescribeCommand];

/** `voxmask cohort`: from what lies on disk to a checked table of sessions. */
export const cohort: CommandGroup = {
  subcommands,
  command: 'cohort',
  describe: 'Build a cohort from CAPS or BIDS folders, check its images, describe its participants',
  builder: (yargs) =>
    yargs
      .command([...subcommands])
      .demandCommand(1, 'What of it? There are: voxmask cohort build, check and describe')
      .example('$0 cohort build caps --tables bids --out cohort', '')
      .example('$0 cohort check cohort/cohort.tsv --out checked', '')
      .example('$0 cohort describe checked/accepted.tsv', ''),
  handler: () => {},
};

import type { Command, CommandGroup } from '../command-tree.ts';
import { maskGroupCommand } from './mask-group.ts';
import { maskSessionCommand } from './mask-session.ts';

const subcommands: readonly Command[] = [maskGroupCommand, maskSessionCommand];

/** `voxmask mask`: masks that take a class away from a network's view. */
export const mask: CommandGroup = {
  subcommands,
  command: 'mask',
  describe: 'Find the voxels that a network needs: the mask that hides a class from it',
  builder: (yargs) =>
    yargs
      .command([...subcommands])
      .demandCommand(1, 'Which mask? There are: voxmask mask group, voxmask mask session')
      .example('$0 mask group --model trained --cohort cohort.tsv --out mask', ''),
  handler: () => {},
};

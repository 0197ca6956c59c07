import type { CommandModule } from 'yargs';
import { maskGroupCommand } from './mask-group.ts';

/** `voxmask mask`: masks that take a class away from a network's view. */
export const mask: CommandModule = {
  command: 'mask',
  describe: 'Find the voxels that a network needs: the mask that hides a class from it',
  builder: (yargs) =>
    yargs
      .command(maskGroupCommand)
      .demandCommand(1, 'Which mask? There is: voxmask mask group')
      .example('$0 mask group --model trained/model.safetensors --cohort cohort.tsv --out mask', ''),
  handler: () => {},
};

import { type Architecture, checkArchitecture, defaultArchitecture } from '../../model/architecture.ts';
import { UsageError } from '../fail.ts';
import { listOption } from '../options.ts';

/** Options of the commands that time a network with random weights: its size. */
export const madeUpNetworkOptions = {
  size: listOption({ describe: 'Voxels of an image along each axis', default: '121,145,121' }),
  channels: listOption({
    describe: 'Output channels of each block',
    default: defaultArchitecture.channels.join(','),
  }),
  'sub-blocks': listOption({
    describe: 'Sub-blocks of each block',
    default: defaultArchitecture.subBlocks.join(','),
  }),
} as const;

export interface MadeUpNetworkArguments {
  size: string[];
  channels: string[];
  'sub-blocks': string[];
}

/** @throws UsageError or InputError when the options make no network */
export function madeUpNetwork(args: MadeUpNetworkArguments, command: string): Architecture {
  const whole = (name: keyof MadeUpNetworkArguments) => {
    const numbers = args[name].map(Number);
    if (numbers.some((value) => !Number.isInteger(value) || value < 1))
      throw new UsageError(`--${name} takes whole numbers from 1, with commas between`, command);
    return numbers;
  };
  const size = whole('size');
  if (size.length !== 3) throw new UsageError('--size takes three numbers, as 121,145,121', command);
  const architecture: Architecture = {
    ...defaultArchitecture,
    inputShape: [size[0], size[1], size[2]],
    channels: whole('channels'),
    subBlocks: whole('sub-blocks'),
    classes: ['CN', 'AD'],
  };
  checkArchitecture(architecture, command);
  return architecture;
}

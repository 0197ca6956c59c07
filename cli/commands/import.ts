import type { CommandModule } from 'yargs';
import type { Intensity } from '../../cohort/intensity.ts';
import { defaultArchitecture, type Reduction } from '../../model/architecture.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { type ImportResult, importModel } from '../jobs/import-model.ts';
import { jsonOption, listOption, numberOption, textOption } from '../options.ts';
import { defaulted } from './settings-options.ts';
import { classesOption } from './split-options.ts';

interface Arguments {
  file: string;
  like: string;
  out: string;
  classes: string[];
  reduction: Reduction;
  dropout: number;
  'sub-blocks': string[] | undefined;
  intensity: Intensity['scale'];
  smoothing: number;
  overwrite: boolean;
  json: boolean;
}

/** `voxmask import`: a network that was trained elsewhere. */
export const importCommand: CommandModule<object, Arguments> = {
  command: 'import <file>',
  describe: 'Take over a network trained with PyTorch or ClinicaDL; nothing in the file is run',
  builder: (yargs) =>
    yargs
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'Checkpoint of torch.save (.pth, .pt, .pth.tar), or safetensors',
      })
      .options({
        like: textOption({ demandOption: true, describe: 'An image as the network takes them: its grid' }),
        out: textOption({ demandOption: true, describe: 'Model to write (.safetensors)' }),
        classes: classesOption,
        reduction: {
          choices: ['maxpool', 'stride'] as const,
          default: defaultArchitecture.reduction as Reduction,
          describe: 'How its blocks halve the volume',
        },
        dropout: numberOption('dropout', {
          range: { least: 0, below: 1 },
          default: defaultArchitecture.dropout,
          describe: 'Share of the features that it drops in training',
        }),
        'sub-blocks': listOption({
          describe: 'Convolutions of each block, where their channels do not tell',
        }),
        intensity: {
          ...defaulted('intensity'),
          describe:
            "Scale of its images: as they are, to [0, 1] (ClinicaDL's), or by mean and deviation over the brain",
        },
        smoothing: defaulted('smoothing'),
        overwrite: { type: 'boolean', default: false, describe: 'Replace a model that is there already' },
        json: jsonOption,
      })
      .example('$0 import model.pth.tar --like map.nii.gz --out model.safetensors', 'images as they are')
      .example(
        '$0 import model.pth.tar --like map.nii.gz --out model.safetensors --intensity min-max',
        'images that ClinicaDL scaled',
      ) as never,
  handler: run,
};

function run(args: Arguments): void {
  const { file, like, out, classes, reduction, dropout, smoothing, overwrite, json } = args;
  const subBlocks = args['sub-blocks']?.map(Number) ?? null;
  if (subBlocks?.some((count) => !Number.isInteger(count) || count < 1 || count > 3))
    throw new UsageError('--sub-blocks takes whole numbers from 1 to 3, with commas between', 'import');
  const intensity = { scale: args.intensity, smoothing };
  const result = importModel({
    file,
    like,
    out,
    classes,
    reduction,
    dropout,
    subBlocks,
    intensity,
    overwrite,
  });
  console.log(json ? JSON.stringify(result, null, 2) : asText(result));
}

function asText({ architecture, mapping, out }: ImportResult): string {
  const { channels, subBlocks, reduction, fcLayers, classes } = architecture;
  return [
    textTable(
      ['in the file', 'here', 'shape'],
      mapping.map(({ from, to, shape }) => [from, to, shape.join(' x ') || '1']),
    ),
    `blocks of ${channels.join(', ')} channels (${subBlocks.join(', ')} sub-blocks), ${reduction}; ` +
      `${fcLayers} fully connected into ${classes.join(', ')}`,
    `Written: ${out}`,
  ].join('\n\n');
}

import type { CommandModule } from 'yargs';
import { type Intensity, scales } from '../../cohort/intensity.ts';
import { listed } from '../../cohort/listed.ts';
import { type Architecture, defaultSlope, type Reduction } from '../../model/architecture.ts';
import { printable } from '../../report/printable.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { type ImportResult, importModel } from '../jobs/import-model.ts';
import { jsonOption, listOption, notNegative, numberOption, shareOfWhole, textOption } from '../options.ts';
import { wholes } from './whole.ts';

interface Arguments {
  file: string;
  key: string | undefined;
  like: string;
  out: string;
  classes: string[] | undefined;
  class: string | undefined;
  activation: 'leaky-relu' | 'relu' | undefined;
  slope: number | undefined;
  reduction: Reduction | undefined;
  dropout: number | undefined;
  'sub-blocks': string[] | undefined;
  intensity: Intensity['scale'] | undefined;
  smoothing: number | undefined;
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
        describe:
          'Checkpoint of torch.save (.pth, .pt, .pth.tar), safetensors, or a MAPS folder with one model.pth.tar',
      })
      .options({
        like: textOption({ demandOption: true, describe: 'An image as the network takes them: its grid' }),
        out: textOption({ demandOption: true, describe: 'Model to write (.safetensors)' }),
        classes: listOption({
          describe:
            'Class of each output, in their order, as AD,CN; needed where no ClinicaDL maps.json states it (label_code)',
        }),
        class: textOption({ describe: 'Class under study, by default the last output that is not CN' }),
        activation: {
          choices: ['leaky-relu', 'relu'] as const,
          describe: 'Its activation, by default leaky-relu',
        },
        slope: numberOption('slope', {
          range: shareOfWhole,
          describe: `Negative slope of its LeakyReLU, by default ${defaultSlope}; 0 is ReLU`,
        }),
        reduction: {
          choices: ['maxpool', 'stride'] as const,
          describe: 'How its blocks halve the volume, by default maxpool',
        },
        dropout: numberOption('dropout', {
          range: { least: 0, below: 1 },
          describe: 'Share of the features that it drops in training, by default 0.5',
        }),
        'sub-blocks': listOption({
          describe: 'Convolutions of each block, where neither their names nor their channels show it',
        }),
        intensity: {
          choices: scales,
          describe:
            "Scale of its images: as they are, to [0, 1] (ClinicaDL's), or by mean and deviation over the brain; by default none",
        },
        smoothing: numberOption('smoothing', {
          range: { ...notNegative, unit: 'mm' },
          describe: 'Gaussian that its images were smoothed by, FWHM in mm; by default 0',
        }),
        key: textOption({ describe: 'Key of the weights in a checkpoint that has several, as "model"' }),
        overwrite: { type: 'boolean', default: false, describe: 'Replace a model that is there already' },
        json: jsonOption,
      })
      .example(
        '$0 import MAPS/split-0/best-loss/model.pth.tar --like map.nii.gz --out model.safetensors',
        "classes as ClinicaDL's maps.json has them",
      )
      .example(
        '$0 import relu.pth --like map.nii.gz --out model.safetensors --classes CN,AD --activation relu',
        'a state_dict alone, of a network with ReLU',
      ) as never,
  handler: run,
};

function run(args: Arguments): void {
  const { file, like, out, classes = null, overwrite, json } = args;
  if (classes && (classes.length < 2 || new Set(classes).size !== classes.length))
    throw new UsageError('--classes takes at least two different names, with commas between', 'import');
  const result = importModel({
    file,
    key: args.key ?? null,
    like,
    stated: {
      classes,
      className: args.class ?? null,
      slope: slopeOf(args),
      reduction: args.reduction ?? null,
      dropout: args.dropout ?? null,
      scale: args.intensity ?? null,
      smoothing: args.smoothing ?? null,
    },
    subBlocks: args['sub-blocks'] ? wholes('sub-blocks', args['sub-blocks'], 'import', 3) : null,
    out,
    overwrite,
  });
  if (result.file !== file) process.stderr.write(`Checkpoint: ${printable(result.file)}\n`);
  process.stderr.write(asNotes(result));
  console.log(json ? JSON.stringify(result, null, 2) : asText(result));
}

/** null where nothing states it */
function slopeOf({ activation, slope }: Arguments): number | null {
  if (activation === 'relu' && slope !== undefined && slope !== 0)
    throw new UsageError(`--activation relu has no slope, and --slope is ${slope}`, 'import');
  return slope ?? (activation === undefined ? null : { relu: 0, 'leaky-relu': defaultSlope }[activation]);
}

/** What was read beside the weights, left out, and assumed. */
function asNotes({ key, otherKeys, leftOut, maps, settings }: ImportResult): string {
  const assumed = settings.filter(({ source }) => source === 'assumed');
  return [
    ...(key === ''
      ? []
      : [
          `Weights under "${key}"${otherKeys.length > 0 ? `, not those under ${listed(otherKeys)} (else --key)` : ''}.`,
        ]),
    ...(leftOut.length === 0 ? [] : [`Left out, since they are no tensors: ${listed(leftOut)}.`]),
    ...settings
      .filter(({ source }) => source === 'maps.json')
      .map(({ name, value }) => `From ${maps}: ${name}: ${value}.`),
    'Assumed, since weights do not show it:',
    ...assumed.map(({ name, value, option }) => `  ${name}: ${value}${option ? ` (else ${option})` : ''}`),
  ]
    .map((line) => `${printable(line)}\n`)
    .join('');
}

function asText({ architecture, mapping, out }: ImportResult): string {
  return [
    textTable(
      ['in the file', 'here', 'shape'],
      mapping.map(({ from, to, shape }) => [from, to, shape.join(' x ') || '1']),
    ),
    networkText(architecture),
    `Written: ${out}`,
  ].join('\n\n');
}

function networkText({ channels, subBlocks, reduction, slope, fcLayers, classes }: Architecture): string {
  return (
    `blocks of ${channels.join(', ')} channels (${subBlocks.join(', ')} sub-blocks), ${reduction}` +
    `${slope === undefined ? '' : `, ${slope === 0 ? 'ReLU' : `slope ${slope}`}`}; ` +
    `${fcLayers} fully connected into ${classes.join(', ')}`
  );
}

import type { CommandModule } from 'yargs';
import { marksOf } from '../../masking/mask-state.ts';
import { textTable } from '../../report/text-table.ts';
import { type MeasuredMask, measureRegions, type RegionsResult } from '../jobs/regions.ts';
import { counts, jsonOption, numberOption, textOption } from '../options.ts';
import { type AtlasArguments, atlasChoice, atlasOptions } from './atlas-options.ts';

interface Arguments extends AtlasArguments {
  masks: string[];
  out: string | undefined;
  top: number;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** `voxmask regions`: where masks lie, by the regions of an atlas. */
export const regions: CommandModule<object, Arguments> = {
  command: 'regions <masks..>',
  describe: 'Density, volume and peak of masks in the regions of an atlas',
  builder: (yargs) =>
    yargs
      .positional('masks', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Masks (NIfTI), folders of masks, or tables of masks (docs/formats.md)',
      })
      .options({
        ...atlasOptions,
        out: textOption({ describe: 'Folder for tables and pictures; none are written by default' }),
        top: numberOption('top', {
          range: counts,
          default: 10,
          describe: 'Regions printed of each mask, densest first',
        }),
        overwrite: { type: 'boolean', default: false, describe: 'Replace regions that are there' },
        json: jsonOption,
      })
      .example('$0 regions mask/mask.nii.gz --atlas aal2.nii.gz --labels aal2.tsv', '')
      .example('$0 regions masks/ --atlas aal2.nii.gz --labels aal2.tsv --out regions', 'with tables'),
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const result = measureRegions({
    masks: args.masks,
    atlas: atlasChoice(args),
    raw: args.raw,
    occlusion: args.occlusion,
    out: args.out ?? null,
    overwrite: args.overwrite,
  });
  for (const note of result.mended) if (!args.quiet) process.stderr.write(`Label table: ${note}.\n`);
  console.log(args.json ? JSON.stringify(result, null, 2) : asText(result, args.top));
}

function asText({ masks, paths }: RegionsResult, top: number): string {
  const parts = masks.map((mask) => maskText(mask, top));
  if (paths) {
    const [first, ...others] = paths.pictures;
    parts.push(
      textTable(
        ['written', 'holds'],
        [
          [paths.regions, 'every region of every mask'],
          [paths.masks, 'every mask as a whole'],
          [first, others.length > 0 ? `the densest as bars; ${others.length} more beside it` : 'as bars'],
          [paths.sidecar, 'options and versions'],
        ],
      ),
    );
  }
  return parts.join('\n\n');
}

function maskText({ mask, state, regions, outsideShare, touchedVolume }: MeasuredMask, top: number): string {
  const marks = marksOf(state);
  const millimetres = (value: number) => Number(value.toFixed(1));
  const table = textTable(
    [
      'region',
      { title: 'mean of 1 - m', digits: 4 },
      { title: 'sum', digits: 1 },
      { title: 'mm3 touched', digits: 0 },
      { title: 'peak', digits: 3 },
      'at (x, y, z mm)',
    ],
    regions
      .slice(0, top)
      .map(({ region, density, sum, touchedVolume: volume, peak }) => [
        region.name,
        density,
        sum,
        volume,
        peak?.value,
        peak?.at.map(millimetres).join(', '),
      ]),
  );
  const lacking = regions.filter(({ voxels }) => voxels === 0).map(({ region }) => region.name);
  const whole =
    outsideShare === null
      ? 'the mask is empty'
      : `${(100 * outsideShare).toFixed(1)} % of it lies outside all regions; ${touchedVolume.toFixed(0)} mm3 touched in all`;
  const none = lacking.length > 0 ? [`without a voxel at this resolution: ${lacking.join(', ')}`] : [];
  const title = marks.length > 0 ? `${mask} (${marks.join(', ')})` : mask;
  return [title, table, whole, ...none].join('\n');
}

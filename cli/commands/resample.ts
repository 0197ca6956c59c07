import type { CommandModule } from 'yargs';
import { textTable } from '../../report/text-table.ts';
import { type ResampleResult, resampleImage } from '../jobs/resample.ts';
import { jsonOption, textOption } from '../options.ts';

interface Arguments {
  image: string;
  like: string;
  out: string;
  nearest: boolean;
  overwrite: boolean;
  json: boolean;
}

/** `voxmask resample`: an image on another image's grid. */
export const resample: CommandModule<object, Arguments> = {
  command: 'resample <image>',
  describe: "Bring a map or an atlas onto another image's grid, through their affines",
  builder: (yargs) =>
    yargs
      .positional('image', { type: 'string', demandOption: true, describe: 'Image to resample (NIfTI)' })
      .options({
        like: textOption({ demandOption: true, describe: 'Image whose grid and orientation it is to have' }),
        out: textOption({ demandOption: true, describe: 'File to write (.nii.gz)' }),
        nearest: {
          type: 'boolean',
          default: false,
          describe: "Take the nearest voxel's value, as labels need; trilinear else",
        },
        overwrite: { type: 'boolean', default: false, describe: 'Replace a file that is there already' },
        json: jsonOption,
      })
      .example('$0 resample atlas.nii.gz --like map.nii.gz --out fits.nii.gz --nearest', 'an atlas')
      .example('$0 resample map.nii.gz --like template.nii.gz --out fits.nii.gz', 'a map') as never,
  handler: ({ image, like, out, nearest, overwrite, json }) => {
    const result = resampleImage({ image, like, out, nearest, overwrite });
    console.log(json ? JSON.stringify(result, null, 2) : asText(result));
  },
};

function asText({ from, onto, out, datatype, inside }: ResampleResult): string {
  return textTable(
    ['resampled', 'value'],
    [
      ['from', from],
      ['onto', onto],
      ['voxels within the image', `${(100 * inside).toFixed(1)} %`],
      ['written', `${out} (${datatype})`],
    ],
  );
}

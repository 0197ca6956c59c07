import type { AtlasChoice } from '../jobs/mask-volumes.ts';
import { textOption } from '../options.ts';

/** What commands that measure masks over an atlas are told. */
export interface AtlasArguments {
  atlas: string;
  labels: string;
  resample: boolean;
  'table-2019': boolean;
  raw: boolean;
  occlusion: boolean;
}

export const atlasOptions = {
  atlas: textOption({ demandOption: true as const, describe: 'Atlas in the space of the masks' }),
  labels: textOption({ demandOption: true as const, describe: "Table of the atlas's region names" }),
  resample: {
    type: 'boolean',
    default: false,
    describe: "Bring an atlas of another grid onto the masks' one (nearest)",
  },
  'table-2019': {
    type: 'boolean',
    default: false,
    describe: 'Give Amygdala_L the value of Amygdala_R, as the AAL2 table of 2019 did',
  },
  raw: { type: 'boolean', default: false, describe: 'Take masks as they are, without the threshold of 0.95' },
  occlusion: {
    type: 'boolean',
    default: false,
    describe: 'The files hold 1 - m; those named *_probseg do in any case',
  },
} as const;

export function atlasChoice(args: AtlasArguments): AtlasChoice {
  return {
    image: args.atlas,
    labels: args.labels,
    resample: args.resample,
    table2019: args['table-2019'],
  };
}

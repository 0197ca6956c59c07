import type { CommandModule } from 'yargs';
import { textTable } from '../../report/text-table.ts';
import { exportModel } from '../jobs/export-model.ts';
import { jsonOption, textOption } from '../options.ts';

interface Arguments {
  model: string;
  out: string;
  overwrite: boolean;
  json: boolean;
}

/** `voxmask export`: a network for PyTorch. */
export const exportCommand: CommandModule<object, Arguments> = {
  command: 'export <model>',
  describe: 'Write a network for PyTorch: its weights, and a program that loads them',
  builder: (yargs) =>
    yargs
      .positional('model', { type: 'string', demandOption: true, describe: 'Trained network, or its folder' })
      .options({
        out: textOption({ demandOption: true, describe: 'Folder to write; made if missing' }),
        overwrite: { type: 'boolean', default: false, describe: 'Replace a network that is there already' },
        json: jsonOption,
      })
      .example('$0 export trained --out for-pytorch', '')
      .example(
        'python for-pytorch/load_voxmask.py for-pytorch/model.safetensors map.nii.gz',
        'ask it there',
      ) as never,
  handler: ({ model, out, overwrite, json }) => {
    const written = exportModel(model, out, overwrite);
    const table = textTable(
      ['written', 'holds'],
      [
        [written.model, "weights by PyTorch's names, architecture"],
        [written.loader, 'loads them in Python: load(path)'],
      ],
    );
    console.log(json ? JSON.stringify(written, null, 2) : table);
  },
};

import type { CommandModule } from 'yargs';
import { trainDefaults } from '../../model/train.ts';
import { textTable } from '../../report/text-table.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { type PredictResult, predictImages } from '../jobs/predict.ts';
import { memoryOption } from '../memory.ts';
import { counts, jsonOption, numberOption, textOption } from '../options.ts';
import { Progress } from '../progress.ts';

interface Arguments {
  images: string[];
  model: string;
  'batch-size': number;
  adapter: string | undefined;
  json: boolean;
  quiet?: boolean;
}

/** `voxmask predict`: a trained network's class and probabilities for images. */
export const predict: CommandModule<object, Arguments> = {
  command: 'predict <images..>',
  describe: 'Ask a trained network for the class of images',
  builder: (yargs) =>
    yargs
      .positional('images', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: "Gray-matter maps (NIfTI) on the grid of the network's training images",
      })
      .options({
        model: textOption({ demandOption: true, describe: 'Trained network, or the folder of its training' }),
        'batch-size': numberOption('batch-size', {
          range: counts,
          default: trainDefaults.batchSize,
          describe: 'Images predicted at once',
        }),
        adapter: adapterOption,
        memory: memoryOption,
        json: jsonOption,
      })
      .example('$0 predict --model trained image.nii.gz', '')
      .example('$0 predict --model trained *.nii.gz --json', 'for a program to read'),
  handler: run,
};

async function run({
  images,
  model,
  'batch-size': batchSize,
  adapter,
  json,
  quiet = false,
}: Arguments): Promise<void> {
  const result = await lendGpu(adapter, quiet, async (open) => {
    // A single batch is over before a bar would tell anything.
    const progress = new Progress('Predicting', images.length, {
      quiet: quiet || images.length <= batchSize,
    });
    const predicted = await predictImages(
      { model, images, batchSize },
      { open, onImage: (done) => progress.update(done) },
    );
    progress.finish();
    return predicted;
  });
  console.log(json ? JSON.stringify({ images: result.images }) : asText(result));
}

function asText({ classes, images }: PredictResult): string {
  const columns = classes.map((name) => ({ title: `P(${name})`, digits: 4 }));
  const rows = images.map(({ path, predicted, probabilities }) => [
    path,
    predicted,
    ...classes.map((name) => probabilities[name]),
  ]);
  return textTable(['image', 'predicted', ...columns], rows);
}

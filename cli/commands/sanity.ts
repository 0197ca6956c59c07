import type { CommandModule } from 'yargs';
import { marksOf } from '../../masking/mask-state.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type SanityHooks, type SanityResult, sanity } from '../jobs/sanity.ts';
import { textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { namedMasks } from '../state-text.ts';
import { jobOf, type Arguments as MaskArguments, maskGroupOptions } from './mask-group-options.ts';

interface Arguments extends MaskArguments {
  random: string | undefined;
  shuffled: string | undefined;
}

/** `voxmask sanity`: do masks depend on what a network learned? */
export const sanityCommand: CommandModule<object, Arguments> = {
  command: 'sanity',
  describe: 'Compare the mask of a trained network with those of a random one and of one on shuffled labels',
  builder: (yargs) =>
    yargs
      .options({
        ...maskGroupOptions,
        random: textOption({ describe: 'A network that was never trained; made if not given' }),
        shuffled: textOption({ describe: 'A network trained on shuffled labels; trained if not given' }),
      })
      .example(
        '$0 sanity --model trained --cohort cohort.tsv --atlas a.nii.gz --labels a.tsv --out sane',
        '',
      ) as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const { quiet = false, json } = args;
  const { atlas, ...options } = jobOf(args, 'sanity');
  if (!atlas) throw new UsageError('masks are compared over regions: give --atlas and --labels', 'sanity');
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      const { hooks, finish } = sanityProgress(quiet);
      const result = await sanity(
        { ...options, atlas, random: args.random ?? null, shuffled: args.shuffled ?? null },
        { open, signal, ...hooks },
      ).finally(finish);
      if (!result) process.stderr.write('Stopped. Run the same command again to go on.\n');
      else warn(result);
      if (result) console.log(json ? JSON.stringify(result, null, 2) : asText(result));
    }),
  );
}

function warn({ masks }: SanityResult): void {
  const named = namedMasks(masks);
  if (named) process.stderr.write(`${named}\n`);
}

/** One bar over the parts, with what the one under way is at. */
function sanityProgress(quiet: boolean) {
  let bar: Progress | undefined;
  let at = { what: '', done: 0 };
  const hooks: Omit<SanityHooks, 'open' | 'signal'> = {
    onPart: (what, done, of) => {
      bar ??= new Progress('Sanity', of, { quiet });
      at = { what, done };
      bar.update(done, what);
    },
    onStep: (steps, _total, loss) =>
      bar?.update(at.done, `${at.what}, step ${steps}, loss ${loss.total.toPrecision(3)}`),
    training: {
      onStep: ({ epoch, loss }) =>
        bar?.update(at.done, `${at.what}, epoch ${epoch}, loss ${loss.toFixed(3)}`),
    },
  };
  return { hooks, finish: () => bar?.finish('') };
}

function asText({
  className,
  networks,
  masks,
  similarity,
  probabilities,
  verdicts,
  caution,
  paths,
}: SanityResult): string {
  const names = masks.map(({ name }) => name);
  const digits = 3;
  const titled = (titles: readonly string[]) => titles.map((title) => ({ title, digits }));
  const known = textTable(
    ['network', ...titled(['balanced accuracy, training', 'validation']), 'images of its mask'],
    networks.map(({ name, train, validation }) => {
      const { used, of } = masks.find((mask) => mask.name === name)!.images;
      const which = name === 'trained' ? 'those classified correctly' : 'all';
      return [name, train.balancedAccuracy, validation.balancedAccuracy, `${used} of ${of}: ${which}`];
    }),
  );
  const alike = textTable(
    ['similarity', ...titled(names)],
    similarity.map((values, i) => [[names[i], ...marksOf(masks[i].state)].join(', '), ...values]),
  );
  const chances = textTable(
    [`P(${className}) by network`, ...titled(['no mask', ...names])],
    probabilities.map((values, i) => [networks[i].name, ...values]),
  );
  const said = [...verdicts.map(({ words }) => words), ...(caution ? [caution] : [])].join('\n');
  const written = textTable(
    ['written', 'holds'],
    [
      [paths.similarity, 'cosine of the masks over the regions'],
      [paths.probabilities, 'mean probability of the class by network and mask'],
      [`${paths.similarityPicture}, ${paths.probabilitiesPicture}`, 'the same as shades'],
      [paths.masks, 'the masks side by side'],
      [paths.sidecar, 'everything above, with options, versions and adapter'],
    ],
  );
  return [known, alike, chances, said, written].join('\n\n');
}

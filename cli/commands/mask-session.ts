import type { CommandModule } from 'yargs';
import { listed } from '../../cohort/listed.ts';
import { stateText } from '../../masking/mask-state.ts';
import { THRESHOLD } from '../../masking/threshold.ts';
import { textTable } from '../../report/text-table.ts';
import { lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type MaskSessionHooks, type MaskSessionResult, maskSessions } from '../jobs/mask-session.ts';
import { Progress } from '../progress.ts';
import { chanceWarning, countedMasks, maskWarnings } from '../state-text.ts';
import { type Arguments, jobOf, maskSessionOptions } from './mask-session-options.ts';

/** `voxmask mask session`: one mask for each image. */
export const maskSessionCommand: CommandModule<object, Arguments> = {
  command: 'session',
  describe: 'One mask for each image of a class, many at once, or for a single image',
  builder: (yargs) =>
    yargs
      .options(maskSessionOptions)
      .example('$0 mask session --model trained/model.safetensors --cohort cohort.tsv --out masks', '')
      .example('$0 mask session ... --set validation --baseline', 'of the validation participants')
      .example(
        '$0 mask session --model model.safetensors --image gm.nii.gz --out mask',
        'of one image',
      ) as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const options = jobOf(args);
  const { quiet = false } = args;
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      const { hooks, finish } = sessionProgress(quiet, options.session.maxSteps);
      const result = await maskSessions(options, { open, signal, ...hooks }).finally(finish);
      warn(result);
      console.log(args.json ? JSON.stringify(asJson(result), null, 2) : asText(result));
    }),
  );
}

/** One bar while the network classifies, another over the steps, of which a mask that ends early needs no more. */
function sessionProgress(quiet: boolean, maxSteps: number) {
  let classifying: Progress | undefined;
  let masking: Progress | undefined;
  let together = '';
  const hooks: Pick<MaskSessionHooks, 'onClassified' | 'onStart' | 'onProgress'> = {
    onStart: (atOnce, of) => {
      if (of > 1) together = `, ${atOnce} at once`;
    },
    onClassified: (done, total) => {
      classifying ??= new Progress('Classifying', total, { quiet });
      classifying.update(done);
      if (done === total) classifying.finish();
    },
    onProgress: ({ finished, of, underWay }) => {
      masking ??= new Progress('Masking', of * maxSteps, { quiet });
      masking.update(finished * maxSteps + underWay, `${finished} of ${of} masks${together}`);
    },
  };
  const finish = () => {
    classifying?.finish();
    masking?.finish();
  };
  return { hooks, finish };
}

function warn(result: MaskSessionResult) {
  const { className, sessions, misclassified, interrupted, left, single, networkChance } = result;
  const say = (line: string) => process.stderr.write(`${line}\n`);
  if (misclassified.length > 0)
    say(
      `${single ? 'The network does not call this image' : `Without a mask, since the network does not call them`} ${className}: ` +
        listed(misclassified, ', ', 5),
    );
  const vain = sessions.filter(({ probabilities: { before, after } }) => after >= before);
  if (vain.length > 0)
    say(
      `Masks that do not lower the ${className} probability: ${vain.length} of ${sessions.length} (sessions.tsv tells which). ` +
        'Try more --steps and --patience, a smaller --lambda1, another --mu, or --score logProbability.',
    );
  const [first] = sessions;
  const states = sessions.map(({ participantId, sessionId, state }) => ({
    name: `${participantId} ${sessionId}`,
    state,
  }));
  const counted = single
    ? maskWarnings(first.state, first.touchedShare, '--steps')
    : [countedMasks(states, `${result.paths.sessions} tells which`)];
  for (const line of [...counted, chanceWarning(networkChance)]) if (line) say(line);
  if (interrupted) say(`Stopped; masks left to make: ${left}. The same command goes on`);
}

/** For a program: of a single image its files and all its losses, else what the table tells. */
function asJson({ single, sessions, ...result }: MaskSessionResult) {
  if (!single) return { ...result, sessions };
  const { paths, losses, final } = single;
  const [{ steps, keptAfter, ending, loss, probabilities, touchedShare, state }] = sessions;
  return {
    ...result,
    steps,
    ending,
    kept: { afterSteps: keptAfter, ...loss },
    probabilities,
    touchedShare,
    state,
    losses,
    final,
    paths: { ...paths, sessions: result.paths.sessions },
  };
}

function asText(result: MaskSessionResult): string {
  const { className, sessions, single } = result;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  if (sessions.length === 0) return 'No mask is finished';
  const summary = textTable(
    [single ? 'mask of one image' : 'session masks', className],
    [
      ...(single
        ? []
        : [
            ['masks', `${sessions.length} of ${result.asked} sessions`],
            ['made before', String(result.before)],
          ]),
      ...(result.batchSize === null ? [] : [['at once', String(result.batchSize)]]),
      ['steps', mean(sessions.map(({ steps }) => steps)).toFixed(0)],
      [
        `${className} probability`,
        mean(sessions.map(({ probabilities }) => probabilities.before)).toPrecision(3),
      ],
      ['under the mask', mean(sessions.map(({ probabilities }) => probabilities.after)).toPrecision(3)],
      [
        `voxels at or below ${THRESHOLD}`,
        `${(100 * mean(sessions.map(({ touchedShare }) => touchedShare))).toFixed(2)} %`,
      ],
      ...(single ? [['state', stateText(sessions[0].state)]] : []),
    ],
  );
  const written = textTable(
    ['written', 'holds'],
    single
      ? [
          [single.paths.mask, 'the mask m; 1 leaves a voxel as it is'],
          [single.paths.thresholded, `the same, values above ${THRESHOLD} set to 1`],
          [single.paths.losses, 'losses of every step'],
          [single.paths.probseg, '1 - m, as a derivative of BIDS'],
          [single.paths.occluded, `where m is at or below ${THRESHOLD}, as a derivative of BIDS`],
        ]
      : [
          [result.paths.sessions, 'a row per mask: steps, losses, probabilities, state, its path'],
          ...(result.paths.sidecar ? [[result.paths.sidecar, 'options, versions, adapter and times']] : []),
        ],
  );
  return [summary, written].join('\n\n');
}

import type { Session } from '../../cohort/session.ts';
import { chanceTest } from '../../model/chance.ts';
import { largestOf } from '../../model/metrics.ts';
import type { Epoch } from '../../model/train.ts';
import { judgeTraining, type TrainingState } from '../../model/training-state.ts';
import type { TrainJobOptions } from './train.ts';

/** How a training ended. @param logits of the kept network, a row for each session of the validation set */
export function stateOf(
  sessions: readonly Session[],
  logits: readonly ArrayLike<number>[],
  { epochs, interrupted }: { epochs: readonly Epoch[]; interrupted: boolean },
  { training, network }: TrainJobOptions,
): TrainingState {
  const said = sessions.map(({ participantId, diagnosis }, i) => ({
    participantId,
    label: network.classes.indexOf(diagnosis),
    predicted: largestOf(logits[i]),
  }));
  const losses = epochs.map(({ validation }) => validation.loss);
  return judgeTraining(losses, { ...training, interrupted }, chanceTest(said));
}

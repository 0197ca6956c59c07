import type { Mark } from '../../../masking/mask-state.ts';
import { type Group, groups } from '../../../report/page/data.ts';
import { type Context, networkName, warn } from './context.ts';
import type { FoundMask } from './masks.ts';
import { listed } from './names.ts';
import { member, numberOf } from './numbers.ts';
import type { Shown } from './shown.ts';
import type { Noticed } from './warnings.ts';

type Undone = Pick<Noticed, 'accuracies' | 'trainings' | 'masks' | 'summaries'>;

/** Says which networks are not above chance, which trainings and masks were not at their end, and what rests on them. */
export function addUndone(context: Context, { accuracies, trainings, masks, summaries }: Undone): void {
  const { say } = context.identity;
  const add = (text: Shown, level: 'warning' | 'note' = 'warning') => warn(context, level, text, 'undone');
  const sets: Readonly<Record<Group, Shown>> = {
    validation: say`validation set`,
    test: say`test set`,
    independent: say`independent cohort`,
  };
  for (const group of groups) {
    const low = accuracies.filter((one) => one.group === group && one.chance && !one.chance.aboveChance);
    if (low.length === 0) continue;
    const named = low.map((one) => networkName(context, one, say`the network`));
    add(
      say`Not shown to be above chance on the ${sets[group]}: ${listed(context.identity, named)}. Masks of such networks may say nothing about the classes.`,
    );
  }
  const falling = trainings.filter(({ state }) => state?.includes('loss still falling'));
  if (falling.length > 0)
    add(
      say`Trainings that ended at their last epoch with the validation loss still falling: ${listed(
        context.identity,
        falling.map(({ name }) => name),
      )}.`,
    );
  const marked = (mark: Mark) => masks.filter(({ marks }) => marks.includes(mark));
  const names = (some: readonly FoundMask[]) =>
    listed(
      context.identity,
      some.map(({ name }) => name),
    );
  const unconverged = marked('not converged');
  if (unconverged.length > 0)
    add(
      say`${unconverged.length} of ${masks.length} masks have not converged, so they may be more diffuse than they would become: ${names(unconverged)}.`,
    );
  const veils = marked('veil');
  if (veils.length > 0)
    add(
      say`${veils.length} of ${masks.length} masks are veils, which touch more than half of the voxels where they may hide, so their regions say little: ${names(veils)}.`,
    );
  const unknown = masks.filter((mask) => mask.state.includes('convergence unknown') && keptLast(mask));
  if (unknown.length > 0)
    add(
      say`The loss was still falling when these masks ended, so they may be more diffuse than they would become: ${names(unknown)}.`,
      'note',
    );
  const doubtful = summaries.filter(({ doubtfulPairs }) => doubtfulPairs !== null && doubtfulPairs > 0);
  for (const { kind, pairs, doubtfulPairs } of doubtful)
    add(
      say`Similarities (${kinds(context)[kind]}): ${doubtfulPairs!} of ${pairs} pairs have a mask that is empty, a veil or not converged.`,
    );
}

function kinds({ identity: { say } }: Context) {
  return {
    'within participants': say`within participants`,
    'between participants': say`between participants`,
    folds: say`folds`,
    runs: say`runs`,
    cohorts: say`cohorts`,
  };
}

/** Whether the last epoch of a mask of an earlier version is the one that is kept. */
function keptLast({ result: { results } }: FoundMask): boolean {
  const [last, best] = [numberOf(results.epochs), numberOf(member(results, 'best', 'epoch'))];
  return last !== null && last > 1 && best === last;
}

import { expect, it } from 'vitest';
import { judgeTraining, readTrainingState, trainingMarks, trainingText } from '../../model/training-state.ts';

const rules = { epochs: 4, patience: 2, interrupted: false };
const good = { p: 0.001, aboveChance: true };
const chance = { p: 0.3, aboveChance: false };

it('says that the validation loss was still falling at the last epoch', () => {
  const falling = judgeTraining([0.7, 0.6, 0.65, 0.5], rules, good);
  expect(falling).toEqual({ stopped: 'limit', stillFalling: true, chance: good });
  expect(trainingMarks(falling)).toEqual(['loss still falling']);
  // the lowest loss came before the last epoch, or was as low before
  for (const losses of [
    [0.7, 0.5, 0.4, 0.6],
    [0.7, 0.6, 0.5, 0.5],
  ])
    expect(judgeTraining(losses, rules, good)).toMatchObject({ stopped: 'limit', stillFalling: false });
  // a single epoch has no curve
  expect(judgeTraining([0.7], { ...rules, epochs: 1 }, good).stillFalling).toBe(false);
});

it('tells a stop by patience from the last epoch and from an interruption', () => {
  expect(judgeTraining([0.5, 0.6, 0.7], rules, good)).toMatchObject({
    stopped: 'patience',
    stillFalling: false,
  });
  expect(judgeTraining([0.5, 0.4, 0.6, 0.7], rules, good).stopped).toBe('patience');
  const cut = judgeTraining([0.7, 0.6], { ...rules, interrupted: true }, null);
  expect(cut).toEqual({ stopped: 'interrupted', stillFalling: false, chance: null });
  expect(trainingMarks(cut)).toEqual(['interrupted']);
});

it('marks a network that is not above chance, and only where that was tested', () => {
  expect(trainingMarks(judgeTraining([0.7, 0.7, 0.7], rules, chance))).toEqual(['not above chance']);
  expect(trainingMarks(judgeTraining([0.7, 0.8, 0.9], rules, null))).toEqual([]);
  const ended = (test: typeof good | null) => trainingText(judgeTraining([0.7, 0.8, 0.9], rules, test));
  expect([ended(good), ended(chance), ended(null), trainingText(null)]).toEqual([
    'above chance',
    'not above chance',
    null,
    null,
  ]);
});

it('reads what was recorded, and takes nothing else for a state', () => {
  const state = judgeTraining([0.7, 0.6, 0.5, 0.4], rules, chance);
  expect(readTrainingState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  for (const other of [undefined, null, {}, { ...state, stopped: 'x' }, { ...state, chance: { p: '0' } }])
    expect(readTrainingState(other)).toBeNull();
});

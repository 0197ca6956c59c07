import { expect, it } from 'vitest';
import { caution, verdictOn } from '../../masking/sanity.ts';

const yardstick = { similarity: 0.95, unmasked: 0.9, masked: 0.1 };

it.each([
  [[0.3, 0.4], 0.8, true, true, 'depends on what the network learned'],
  [[0.3, 0.4], 0.2, true, false, 'takes the decision away too'],
  [[0.3, 0.9], 0.8, false, true, 'lies in like regions'],
  [[0.94, 0.9], 0.2, false, false, 'does not differ'],
  [[null, null], 0.9, true, true, 'differs in both ways'],
])(
  'similarities %j and a probability of %d: regions differ %s, effect %s',
  (similarity, probability, regions, effect, said) => {
    const verdict = verdictOn({ name: 'random', similarity, probability }, yardstick);
    expect(verdict).toMatchObject({ control: 'random', regionsDiffer: regions, effectDiffers: effect });
    expect(verdict.words).toContain(said);
    expect(verdict.words).toMatch(/^The mask of the random network /);
  },
);

it('warns where the yardstick says little', () => {
  expect(caution(yardstick)).toBe(null);
  expect(caution({ ...yardstick, similarity: 0.5 })).toMatch(/only 0\.50 alike/);
  expect(caution({ ...yardstick, similarity: null })).toMatch(/are empty/);
  expect(caution({ ...yardstick, masked: 0.85 })).toMatch(/hardly lower its probability/);
});

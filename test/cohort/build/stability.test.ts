import fc from 'fast-check';
import { expect, it } from 'vitest';
import { labelStable } from '../../../cohort/build/stability.ts';

/** Labels of a follow-up of one participant, a visit every six months; `-` for a diagnosis that is not known. */
function labels(followUp: string, rule: 'drop' | 'truncate' = 'drop'): string {
  const sessions = followUp.split(' ').map((diagnosis, i) => ({
    participantId: 'sub-1',
    sessionId: `ses-M${6 * i}`,
    diagnosis: diagnosis === '-' ? null : diagnosis,
  }));
  const found = labelStable([...sessions].reverse(), rule);
  return sessions
    .map((session) => {
      const outcome = found.get(session)!;
      return 'label' in outcome ? outcome.label : outcome.reason.startsWith('diagnosis changes') ? 'x' : '-';
    })
    .join(' ');
}

it.each([
  ['AD', 'AD'],
  ['CN CN CN', 'CN CN CN'],
  ['CN - CN', 'CN CN CN'],
  ['CN - - CN', 'CN CN CN CN'],
  ['CN -', 'CN -'],
  ['- CN', '- CN'],
  ['-', '-'],
  ['CN AD', 'x x'],
  ['CN - AD', 'x - x'],
  ['CN CN MCI CN', 'x x x x'],
])('%s becomes %s', (followUp, wanted) => {
  expect(labels(followUp)).toBe(wanted);
});

it('keeps what was before a change, if asked', () => {
  expect(labels('CN - CN AD - AD', 'truncate')).toBe('CN CN CN x x x');
  expect(labels('- AD CN AD', 'truncate')).toBe('- AD x x');
});

it('gives a participant one label at most, whatever the follow-up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('CN', 'AD', 'MCI', '-'), { minLength: 1, maxLength: 8 }),
      (visits) => {
        for (const rule of ['drop', 'truncate'] as const) {
          const given = labels(visits.join(' '), rule).split(' ');
          expect(new Set(given.filter((label) => label !== 'x' && label !== '-')).size).toBeLessThanOrEqual(
            1,
          );
          given.forEach((label, i) => {
            if (label !== 'x' && label !== '-' && visits[i] !== '-') expect(label).toBe(visits[i]);
          });
        }
      },
    ),
  );
});

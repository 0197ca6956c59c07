import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BuiltSession, buildCohort } from '../../../cohort/build/index.ts';
import { readCohort } from '../../../cohort/cohort.ts';
import { InputError } from '../../../cohort/error.ts';
import { sessionKey } from '../../../cohort/session.ts';
import { refuseTwins } from '../../../cohort/splits/twins.ts';
import { formatTable } from '../../../cohort/table.ts';
import { drawn, write } from './dataset.ts';
import { place, writeInto } from './places.ts';
import { decide } from './reference.ts';

const numRuns = Number(process.env.VOXMASK_DATASETS ?? 120); // 2,000 take a minute or two

it('decides about every session of random datasets as the plain reference does, and loses none', () => {
  fc.assert(
    fc.property(drawn, (given) => {
      const { visits, options, repeated } = write(given);
      if (repeated) {
        const anyMap = visits.some(({ image }) => image === 'map'); // else that is said
        expect(() => buildCohort(options)).toThrow(anyMap ? /repeats sub-/ : InputError);
        return;
      }
      const outcomes = decide(visits, given.truncate);
      const name = (who: string, session: string) => `${who} ${sessionKey(session)}`;
      const expected = [...outcomes].map(
        ([visit, outcome]) => [name(visit.participant, `M${visit.months}`), outcome] as const,
      );
      if (!['CN', 'AD'].every((label) => expected.some(([, outcome]) => outcome === label))) {
        expect(() => buildCohort(options)).toThrow(InputError);
        return;
      }
      const { sessions, excluded } = buildCohort(options);
      const got = new Map([
        ...sessions.map((one) => [name(one.participantId, one.sessionId), one.diagnosis] as const),
        ...excluded.map((one) => [name(one.participantId, one.sessionId), one.reason] as const),
      ]);
      expect(got.size).toBe(sessions.length + excluded.length);
      expect([...got.keys()].sort()).toEqual(expected.map(([key]) => key).sort());
      for (const [key, outcome] of expected)
        expect(got.get(key)!.slice(0, outcome.length), key).toBe(outcome);
      for (const { participant, months, age, sex } of visits) {
        const built = sessions.find(
          (one) => name(one.participantId, one.sessionId) === name(participant, `M${months}`),
        );
        if (built) expect(built).toMatchObject({ age, sex });
      }
      refusesShared(sessions);
    }),
    { numRuns },
  );
});

/** Each image's content is that of one scan: two participants with one content have one scan. */
function refusesShared(sessions: readonly BuiltSession[]): void {
  const rows = sessions.map(({ participantId, sessionId, diagnosis, path: file }) => ({
    ...{ participant_id: participantId, session_id: sessionId, diagnosis, path: file },
  }));
  const table = path.join(place({}), 'cohort.tsv');
  writeInto(table, formatTable(Object.keys(rows[0]), rows));
  const scanOf = ({ path: file }: { path: string }) => readFileSync(file, 'utf8');
  const shared = sessions.some((a) =>
    sessions.some((b) => a.participantId !== b.participantId && scanOf(a) === scanOf(b)),
  );
  const check = () => {
    const cohort = readCohort(table, ['CN', 'AD'], { copiesCompared: true });
    refuseTwins(table, cohort.sessions, scanOf);
  };
  if (shared) expect(check).toThrow(/of two participants/);
  else expect(check).not.toThrow();
}

import type { CommandOptions } from '../../command-options.ts';
import { nameIn, removed, withoutNames } from './command-line.ts';
import type { Identity, Kind } from './identity.ts';
import type { Roster } from './roster.ts';
import { Ledger, type Shown } from './shown.ts';

/** Diagnoses and groups that name no one, whatever the participants are called; compared in capitals. */
const knownClasses = new Set(
  (
    'CN HC NC NL AD MCI SMCI PMCI EMCI LMCI SMC SCD FTD BVFTD PPA SVPPA NFVPPA LVPPA PD PDD DLB LBD MSA PSP CBS VAD HD ' +
    'ALS MS SCZ BD MDD ASD ADHD TLE CONTROL CONTROLS PATIENT PATIENTS CASE CASES HEALTHY FEMALE MALE YOUNG OLD'
  ).split(' '),
);

/**
 * Names nothing that would tell who or where. Participants are P1, P2, ... in the order in which the report comes to them, their
 * sessions are counted, and so is all that the user has named. Nothing is looked for and replaced: no text of a file enters
 * but regions, diagnoses, GPUs and versions.
 */
export function pseudonyms(roster: Roster, commands: CommandOptions): Identity {
  const ledger = new Ledger();
  const { say, own, from } = ledger;
  const counted = new Map<string, string[]>();
  const number = (kind: string, given: string) => {
    const known = counted.get(kind) ?? [];
    counted.set(kind, known);
    if (!known.includes(given)) known.push(given);
    return known.indexOf(given) + 1;
  };
  const name = (kind: Kind, given: string, known: readonly string[] = []): Shown =>
    ledger.vouch(known.includes(given) ? given : `${kind} ${number(kind, given)}`);
  const className = (diagnosis: string) => {
    const telling = /^class \d+$/.test(diagnosis) || roster.occursIn(diagnosis);
    const isKnown = knownClasses.has(diagnosis.toUpperCase());
    return name('class', diagnosis, telling && !isKnown ? [] : [diagnosis]);
  };
  return {
    ...{ anonymous: true, say, own, from, name, className },
    title: () => say`voxmask report`,
    date: (now) => say`${now.getUTCFullYear()}`,
    participant: (id) => say`P${number('participant', id)}`,
    session: (participantId, sessionId) => say`visit ${roster.visit(participantId, sessionId)}`,
    region: (region) => ledger.vouch(region),
    machine: (text) => ledger.vouch(text),
    value: (value) => ledger.vouch(plain(value) ?? 'n/a'),
    figures: (text) =>
      ledger.vouch(/^[\d\s.,:;±()[\]/%+-]*$/.test(text.replace(/n\/a|\b[FM]\b/g, '')) ? text : 'n/a'),
    file: (path) => (path.endsWith('.tsv') ? say`A table of results` : say`A file of results`),
    reason: () => say`.`,
    message: () => null,
    commandName: (words) => ledger.vouch(nameIn(words, commands)?.join(' ') ?? removed),
    command: (words) => ledger.vouch(['voxmask', ...withoutNames(words, commands, className)].join(' ')),
    knows: (made) => (typeof made === 'string' ? ledger.knowsText(made) : ledger.knowsPicture(made)),
  };
}

/** A number, yes or no, or a list of these as text; null for anything else. */
function plain(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return null;
  const texts = value.map(plain);
  return texts.includes(null) ? null : texts.join(', ');
}

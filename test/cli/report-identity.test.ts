import { describe, expect, it } from 'vitest';
import { commandOptions } from '../../cli/command-options.ts';
import { commands } from '../../cli/commands/index.ts';
import { reportFailure } from '../../cli/fail.ts';
import type { Identity } from '../../cli/jobs/report/identity.ts';
import { LeakError, refuseLeaks } from '../../cli/jobs/report/leaks.ts';
import { pseudonyms } from '../../cli/jobs/report/pseudonyms.ts';
import { reasonCodes } from '../../cli/jobs/report/reasons.ts';
import { Roster } from '../../cli/jobs/report/roster.ts';
import type { Sealed } from '../../cli/jobs/report/shown.ts';
import type { ReportData } from '../../report/page/data.ts';
import { nothing } from '../report/page/toy.ts';
import { FakeStream } from './streams.ts';

const options = commandOptions(commands);

/** An anonymous identity for these participants, who came once each on these days. */
function identity(...visits: readonly [participant: string, session: string][]): Identity {
  const roster = new Roster();
  for (const [participant, session] of visits) roster.add(participant, session);
  return pseudonyms(roster, options);
}

describe('pseudonyms', () => {
  it('count participants as they are shown, and their visits by date or month', () => {
    const { participant, session } = identity(
      ['P1', '2021-05-01'],
      ['P1', '2019-12-24'],
      ['Anna', 'ses-M12'],
      ['Anna', 'bl'],
    );
    expect(['Anna', 'P1', 'Anna'].map(participant)).toEqual(['P1', 'P2', 'P1']);
    expect(session('P1', '2021-05-01')).toBe('visit 2');
    expect(session('Anna', 'ses-M000')).toBe('visit 1'); // another spelling of "bl"
    expect(session('Anna', 'M12')).toBe('visit 2');
  });

  it.each([
    ['AD', 'AD'], // a diagnosis, though a participant is called so
    ['bvFTD', 'bvFTD'],
    ['Tau+', 'Tau+'],
    ['relatives of anna', 'class 1'],
    ['seen 2021-05-01', 'class 1'],
    ['class 2', 'class 1'],
  ])('show the diagnosis %s as %s', (given, shown) => {
    const { className } = identity(['sub-AD', '2021-05-01'], ['Anna', '2021-05-02']);
    expect(className(given)).toBe(shown);
  });

  it.each([
    [['train', '/data/Anna/cohort.tsv', '--fold', '0', '--out', 'x'], 'train … --fold 0 --out …'],
    [['train', 'c.tsv', '--fold=0..4', '--epochs', '4021'], 'train … --fold 0..4 --epochs 4021'],
    [['train', 'c.tsv', '--epochs', 'Anna'], 'train … --epochs …'],
    [
      ['train', 'c.tsv', '--channels', '8,16', '--classes', 'CN,of Anna'],
      "train … --channels 8,16 --classes 'CN,class 1'",
    ],
    [
      ['train', 'c.tsv', '--reduction', 'stride', '--no-shuffle-labels'],
      'train … --reduction stride --no-shuffle-labels',
    ],
    [['train', 'c.tsv', '--reduction', 'Anna'], 'train … --reduction …'],
    [['predict', '--model', 'm', 'Anna.nii', 'Bob.nii', '4021'], 'predict --model … …'],
    [['mask', 'session', '--image', '4021', '--sessions=4021'], 'mask session --image … --sessions …'],
    [['mask', 'Anna'], 'mask …'],
    [['train', '--Anna', '4021', '--overwrite'], 'train … --overwrite'],
    [['Anna', '4021'], '…'],
    [[], '…'],
  ])('show the command %j as "%s"', (words, shown) => {
    expect(identity(['Anna', 'ses-1']).command(words)).toBe(`voxmask ${shown}`);
  });
});

describe('reasons of the quality check', () => {
  it('are codes, whatever their sentences say', () => {
    const row = { reasons: 'cannot be read: Anna; moved; is empty', reason_codes: 'unreadable,cut' };
    expect(reasonCodes(row)).toEqual(['unreadable', 'cut']);
    expect(reasonCodes({ reasons: 'n/a', reason_codes: 'n/a' })).toEqual([]);
  });

  it('of older tables, which have no codes, are known by their sentences', () => {
    const sentences = [
      ...['cannot be read: /data/Anna.nii is empty', 'is empty', 'is constant: 0.5'],
      ...['maximum 0.500 is below 0.95', 'lies on another grid: 4 x 4 x 4 voxels of 1 mm, where most have 5'],
      ...['above 1 in 2.0 % of the voxels (a modulated map?)', 'below 0, down to -0.100'],
      ...['no number in 50 % of the voxels', 'gray-matter volume stands out: z 9.0'],
      ...["unlike the cohort's mean: z -8.0", 'gray matter where others have none: z 10.0', 'Anna moved'],
    ];
    expect(reasonCodes({ reasons: sentences.join('; ') })).toEqual([
      ...['unreadable', 'empty', 'constant', 'low-maximum', 'grid', 'modulated', 'negative', 'nan'],
      ...['volume', 'unlike', 'outside', 'unknown'],
    ]);
    expect(reasonCodes({ reasons: 'n/a' })).toEqual([]);
  });
});

describe('the check of an anonymous report', () => {
  const shown = (identity: Identity, more: object): Sealed<ReportData> => {
    const { own, machine } = identity;
    const [title] = own('voxmask report', 'CN', 'AD');
    const [version, madeAt] = [machine(nothing.version), machine(nothing.madeAt)];
    return { ...nothing, title, version, madeAt, ...more } as Sealed<ReportData>;
  };
  const picture = (identity: Identity, png: Uint8Array) => {
    const [text] = identity.own('x');
    return { name: text, alt: text, caption: text, png };
  };
  const fold = (name: string) => ({ fold: 0, train: { [name]: 3 }, validation: {}, likeness: {} });

  it('passes what came from the identity, whatever it says', () => {
    const anonymous = identity();
    const drawn = anonymous.from(() => new Uint8Array([1]));
    const more = {
      answerPicture: picture(anonymous, drawn),
      splits: { test: null, folds: [fold('AD')] },
      warnings: [{ level: 'note', text: anonymous.say`${anonymous.participant('mask')} is in the mask` }],
    };
    expect(() => refuseLeaks(shown(anonymous, more), anonymous)).not.toThrow();
  });

  it.each<[string, (identity: Identity) => object]>([
    ['title', () => ({ title: 'Anna' })],
    ['warnings[].text', () => ({ warnings: [{ level: 'note', text: 'Anna cannot be read' }] })],
    ['splits.folds[].train', () => ({ splits: { test: null, folds: [fold('Anna')] } })],
    ['answerPicture.png', (anonymous) => ({ answerPicture: picture(anonymous, new Uint8Array([1])) })],
  ])('refuses another %s, and tells its place alone', (place, more) => {
    const anonymous = identity(['Anna', 'ses-1']);
    const data = shown(anonymous, more(anonymous));
    expect(() => refuseLeaks(data, anonymous)).toThrow(LeakError);
    const stream = new FakeStream();
    try {
      refuseLeaks(data, anonymous);
    } catch (error) {
      reportFailure(error, stream);
    }
    expect(stream.text).toContain(place);
    expect(stream.text).toMatch(
      /^voxmask: .* This is a bug in voxmask; .* report it with this message alone[^\n]*\n$/,
    );
    expect(stream.text).not.toContain('Anna');
  });
});

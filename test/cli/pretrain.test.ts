import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type PretrainJobOptions, pretrainNetwork } from '../../cli/jobs/pretrain.ts';
import { main } from '../../cli/run.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { plainIntensity } from '../../cohort/intensity.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { stratifiedFold } from '../../cohort/splits/folds.ts';
import { readTable } from '../../cohort/table.ts';
import { openGpu } from '../../engine/node/open.ts';
import { readCheckpoint } from '../../model/checkpoint.ts';
import { readModel } from '../../model/model-file.ts';
import { pretrainDefaults } from '../../model/pretrain.ts';
import { parseSafetensors } from '../../model/safetensors.ts';
import { initialWeights, type Weights } from '../../model/weights.ts';
import { inPlaceOf } from './in-place-of.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-pretrain-'));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 4,
  strength: 0.3,
  resolution: 6,
  seed: 1,
});
const network = ['--channels', '4,8', '--sub-blocks', '1,2'];
const fold = ['--fold', '1', '--folds', '2'];
const steps = ['--batch-size', '2', '--quiet'];
const at = (...names: string[]) => path.join(folder, ...names);
const bytes = (...names: string[]) => readFileSync(at(...names)).toString('base64');
const files = [
  'autoencoder.safetensors',
  'curves.png',
  'history.tsv',
  'pretrain.json',
  'reconstructions.png',
  'split.tsv',
];

collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

const pretrain = (name: string, ...more: string[]) =>
  main(
    inPlaceOf(['pretrain', cohort, '--out', at(name), ...network, ...fold, ...steps, '--epochs', '2'], more),
  );
const train = (name: string, ...more: string[]) =>
  main(inPlaceOf(['train', cohort, '--out', at(name), ...network, ...fold, ...steps, '--epochs', '1'], more));

function arraysOf(...names: string[]): Weights {
  return parseSafetensors(readFileSync(at(...names)), names.join('/')).weights;
}

describe('voxmask pretrain', () => {
  it('writes an autoencoder of the training side, its history, curves and a picture', async () => {
    expect(await pretrain('one', '--json')).toBe(0);
    expect(printed.err).toBe('');
    expect(readdirSync(at('one')).sort()).toEqual(['.voxmask', ...files]);
    const result = JSON.parse(printed.out);
    expect(result).toMatchObject({ train: 4, validation: 4, epochs: 2, interrupted: false });
    const split = stratifiedFold(readCohort(cohort, ['CN', 'AD']), 2, 1, 2);
    const rows = readTable(at('one', 'split.tsv')).rows;
    for (const set of ['train', 'validation'] as const) {
      const written = rows.filter((row) => row.set === set).map((row) => row.participant_id);
      expect(written).toEqual(split[set].map((session) => session.participantId));
    }
    const losses = readTable(at('one', 'history.tsv')).rows.map((row) => Number(row.validation_loss));
    expect(result.best).toMatchObject({
      epoch: 1 + losses.indexOf(Math.min(...losses)),
      validationLoss: Math.min(...losses),
    });
    const { metadata } = parseSafetensors(readFileSync(at('one', 'autoencoder.safetensors')), 'one');
    expect(JSON.parse(metadata.autoencoder)).toMatchObject({ channels: [4, 8], subBlocks: [1, 2] });
    for (const picture of ['curves.png', 'reconstructions.png'])
      expect(readFileSync(at('one', picture)).subarray(1, 4).toString()).toBe('PNG');
    expect(await main(['predict', '--model', at('one', 'autoencoder.safetensors'), cohort])).toBe(1);
    expect(printed.err).toMatch(/the file is an autoencoder, which tells no classes/);
  });

  it('without a split learns from all images, whatever their diagnosis, and repeats nothing', async () => {
    expect(await main(['pretrain', cohort, '--out', at('all'), ...network, ...steps, '--epochs', '1'])).toBe(
      0,
    );
    expect(printed.out).toMatch(/^images learnt from +8$/m);
    expect(printed.out).toMatch(/^images that chose the epoch +none: the training loss did$/m);
    expect(new Set(readTable(at('all', 'split.tsv')).rows.map((row) => row.set))).toEqual(new Set(['train']));
    expect(readTable(at('all', 'history.tsv')).rows[0].validation_loss).toBe('n/a');
    const again = ['pretrain', cohort, '--out', at('all'), ...network, ...steps];
    expect(await main([...again, '--epochs', '1'])).toBe(0);
    expect(printed.err).toMatch(/all holds this very pretraining, finished; it was not run again/);
    expect(await main([...again, '--epochs', '2'])).toBe(1);
    expect(printed.err).toMatch(/contains autoencoder\.safetensors already/);
  });

  it.each<[string[], RegExp]>([
    [['--epochs', '0'], /--epochs takes a whole number from 1/],
    [['--fold', '2'], /--fold takes a whole number from 0 to 1/],
    [['--split', 'folds'], /--split is a split drawn before; it goes without --folds/],
    [['--learning-rate', '0'], /--learning-rate takes a number above 0/],
    [['--channels', '4'], /--channels has 1 blocks, --sub-blocks 2/],
  ])('refuses %j', async (words, fault) => {
    expect(await pretrain('refused', ...words)).toBe(2);
    expect(printed.err).toMatch(fault);
    expect(printed.err).toMatch(/See: voxmask pretrain --help/);
    expect(existsSync(at('refused'))).toBe(false);
  });

  it('goes on where it was stopped, within an epoch too, and ends with the same bytes', async () => {
    const options: PretrainJobOptions = {
      ...{ cohort, overwrite: false, split: null, folds: 2, fold: null, splitSeed: 2, classes: ['CN', 'AD'] },
      out: at('whole'),
      network: { channels: [4, 8], subBlocks: [1, 1], reduction: 'stride' },
      training: { ...pretrainDefaults, epochs: 4, batchSize: 3 },
      checkpointSeconds: 60,
      intensity: plainIntensity,
    };
    const opened = await openGpu();
    const open = async () => opened;
    await pretrainNetwork(options, { open });
    // an epoch has three steps, and two are under way when it is told to stop
    let stops = 0;
    for (let done = false; !done; ) {
      const controller = new AbortController();
      let seen = 0;
      const onStep = () => {
        seen++;
        if (seen === stops + 1) controller.abort();
      };
      const result = await pretrainNetwork(
        { ...options, out: at('stopped') },
        { open, onStep, ...(stops < 2 && { signal: controller.signal }) },
      );
      done = !result.interrupted;
      if (!done) {
        stops++;
        const { state } = readCheckpoint(at('stopped', 'checkpoint.safetensors'));
        expect(state.step).toBeGreaterThan(0);
        expect(state.step).toBeLessThan(3);
      }
    }
    opened.gpu.close();
    expect(stops).toBe(2);
    expect(readdirSync(at('stopped')).sort()).toEqual(['.voxmask', ...files]);
    for (const name of ['autoencoder.safetensors', 'reconstructions.png', 'split.tsv'])
      expect(bytes('stopped', name), name).toBe(bytes('whole', name));
  });
});

describe('voxmask train --init', () => {
  it("starts from the autoencoder's convolutions, the rest drawn by the seed, and records the file", async () => {
    expect(await pretrain('pretrained')).toBe(0);
    // so small a learning rate that what the weights were can be seen
    const still = ['--learning-rate', '1e-12', '--weight-decay', '0', '--init', at('pretrained')];
    expect(await train('still', ...still, '--seed', '3')).toBe(0);
    const given = arraysOf('pretrained', 'autoencoder.safetensors');
    const { weights, architecture } = readModel(
      at('still', 'split-1/run-0/best-balanced_accuracy/model.safetensors'),
    );
    const fresh = initialWeights(architecture, 3);
    for (const [name, { data }] of weights) {
      if (/running_|num_batches/.test(name)) continue; // moved by the batches
      const from = name.startsWith('convolutions.') ? given : fresh;
      const apart = data.reduce((most, v, i) => Math.max(most, Math.abs(v - from.get(name)!.data[i])), 0);
      expect(apart, name).toBeLessThan(1e-6);
    }
    const seen = given.get('convolutions.conv0.1.num_batches_tracked')!.data[0];
    expect(seen).toBeGreaterThan(0);
    expect(weights.get('convolutions.conv0.1.num_batches_tracked')!.data[0]).toBe(seen + 2);
    const { results } = JSON.parse(readFileSync(at('still', 'split-1/run-0/train.json'), 'utf8'));
    expect(results.init.file).toBe(at('pretrained', 'autoencoder.safetensors'));
    expect(results.identity.init).toBe(results.init.sha256);
    expect(results.init.sha256).toMatch(/^[0-9a-f]{64}$/);

    expect(await train('still', ...still, '--seed', '3')).toBe(0);
    expect(printed.err).toMatch(/it was not run again/);
    expect(await train('still', ...still.slice(0, -2), '--seed', '3')).toBe(1); // another start is another training
    expect(await train('other', ...still, '--seed', '4')).toBe(0);
    const other = arraysOf('other', 'split-1/run-0/best-balanced_accuracy/model.safetensors');
    expect(other.get('fc.FC0.0.weight')).not.toEqual(weights.get('fc.FC0.0.weight'));
  });

  it('takes a trained network as well', async () => {
    expect(await train('first', '--seed', '1')).toBe(0);
    expect(
      await train(
        'second',
        '--init',
        at('first', 'split-1/run-0/best-balanced_accuracy/model.safetensors'),
        '--seed',
        '2',
      ),
    ).toBe(0);
    const { results } = JSON.parse(readFileSync(at('second', 'split-1/run-0/train.json'), 'utf8'));
    expect(results.init.file).toBe(at('first', 'split-1/run-0/best-balanced_accuracy/model.safetensors'));
  });

  it('refuses other convolutions, listing what differs, and files that hold none', async () => {
    const init = ['--init', at('pretrained')];
    const others = ['--channels', '4,9', '--reduction', 'stride', '--smoothing', '2'];
    expect(await train('bad', ...init, ...others)).toBe(1);
    expect(printed.err).toMatch(
      /its convolutions are not the network's:\n {2}channels 4,8, where the network has 4,9\n {2}reduction maxpool, .* stride\n {2}intensity none, smoothed by 0 mm, where .* 2 mm/,
    );
    expect(printed.err).not.toMatch(/sub-blocks|image size/);
    for (const [place, fault] of [
      [at('cohort'), /holds neither autoencoder\.safetensors nor model\.safetensors/],
      [at('nowhere'), /nowhere: does not exist\. Check the path/],
      [cohort, /not a sound safetensors file/],
    ] as const) {
      printed.err = '';
      expect(await train('bad', '--init', place)).toBe(1);
      expect(printed.err).toMatch(fault);
    }
    expect(existsSync(at('bad'))).toBe(false);
  });
});

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What the commands are given, made once. */
export interface Inputs {
  /** holds all of it */
  readonly folder: string;
  readonly files: {
    readonly cohort: string;
    readonly atlas: string;
    readonly labels: string;
    readonly truth: string;
  };
  /** a network that calls every image AD, beside its split.tsv */
  readonly model: string;
  /** folder of a training, one fold and run */
  readonly trained: string;
  /** folder of a group mask */
  readonly mask: string;
  /** a CAPS tree beside its BIDS tables, its images on another grid than `image` */
  readonly caps: string;
  readonly bids: string;
  /** the cohort with ages and sexes */
  readonly described: string;
  /** a cohort of other participants */
  readonly others: string;
  /** of the class AD */
  readonly image: string;
  /** a checkpoint of PyTorch, and an image as its network takes it */
  readonly checkpoint: string;
  readonly checkpointImage: string;
}

/** A command as these tests run it. */
export interface Case {
  readonly name: string;
  /** puts what the command reads, where it writes beside that, into a new folder */
  readonly setup?: (folder: string) => void;
  /** the words, where all that is written goes into a folder */
  readonly words: (folder: string) => string[];
  /** further words of the first run, which writes more than the later ones */
  readonly first?: readonly string[];
  /** further words of the later runs */
  readonly later?: readonly string[];
  /** folders, relative to that one, that strangers are put into; `out` by default */
  readonly places?: readonly string[];
  readonly gpu?: boolean;
  /** it replaces its own results unasked, and has no --overwrite */
  readonly unasked?: boolean;
  /** some of its files, where a whole run takes too long; found out by one where not given */
  readonly written?: readonly string[];
}

const small = ['--channels', '2,2', '--sub-blocks', '1,1', '--batch-size', '4', '--epochs', '1'];

/** Every command that writes into folders of results. */
export function commandsOf(inputs: Inputs): Case[] {
  const { files, trained, model, mask, image } = inputs;
  const out = (folder: string) => path.join(folder, 'out');
  const atlas = ['--atlas', files.atlas, '--labels', files.labels];
  const network = ['--model', model, '--cohort', files.cohort];
  const plain = (name: string, words: readonly string[], more: Partial<Case> = {}): Case => ({
    name,
    words: (folder) => [...words, '--out', out(folder)],
    ...more,
  });
  const gpu = (name: string, words: readonly string[], more: Partial<Case> = {}) =>
    plain(name, words, { gpu: true, ...more });
  const simulate = ['--participants', '1'];
  return [
    {
      name: 'simulate',
      words: (folder) => ['simulate', out(folder), ...simulate],
      first: ['--sessions', '2'],
    },
    {
      name: 'simulate --layout caps',
      words: (folder) => ['simulate', out(folder), ...simulate, '--layout', 'caps', '--variants'],
      first: ['--sessions', '2'],
    },
    plain('cohort build', [
      ...['cohort', 'build', inputs.caps, '--tables', inputs.bids, '--grid', image, '--resample'],
    ]),
    plain('cohort check', ['cohort', 'check', files.cohort]),
    plain('split test', ['split', 'test', inputs.described, '--size', '1', '--p-value', '0.01']),
    plain('split kfold', ['split', 'kfold', files.cohort], {
      first: ['--folds', '3'],
      later: ['--folds', '2'],
    }),
    gpu('pretrain', ['pretrain', files.cohort, ...small]),
    gpu('train', ['train', files.cohort, ...small, '--folds', '3', '--fold', '0..1']),
    gpu('search', ['search', files.cohort, '--space', searchSpace(inputs), '--samples', '2', '--folds', '3']),
    {
      name: 'evaluate',
      setup: (folder) => cpSync(trained, path.join(folder, 'trained'), { recursive: true }),
      words: (folder) => [
        ...['evaluate', `mine=${inputs.others}`, '--model', path.join(folder, 'trained')],
        ...['--out', out(folder)],
      ],
      places: ['out', 'trained', 'trained/split-0/run-0'],
      gpu: true,
    },
    gpu('mask group', ['mask', 'group', ...network, '--steps', '2', '--mu', 'cn-mean'], { first: atlas }),
    gpu('mask session', ['mask', 'session', ...network, '--steps', '2', '--baseline'], {
      first: ['--set', 'all', '--mu', 'cn-mean'],
      later: ['--set', 'validation'],
    }),
    gpu('mask session --image', ['mask', 'session', '--model', model, '--image', image, '--steps', '2']),
    gpu('grid', ['grid', gridFile(inputs), ...network, ...atlas, '--steps', '1']),
    plain('regions', ['regions', path.join(mask, 'mask.nii.gz'), ...atlas]),
    gpu('compare', [
      ...['compare', path.join(mask, 'mask.nii.gz'), path.join(mask, 'mask_thresholded.nii.gz'), ...atlas],
      ...['--model', model, '--images', files.cohort, '--class', 'AD', '--mu', '1'],
    ]),
    gpu('explain', ['explain', '--model', model, '--image', image, '--method', 'gradient'], {
      first: [...atlas],
    }),
    gpu('validate', [
      ...['validate', path.join(mask, 'mask.nii.gz'), ...network, '--shares', '0,50', ...atlas],
      ...['--truth', files.truth],
    ]),
    gpu('sanity', ['sanity', '--model', trained, '--cohort', files.cohort, ...atlas, '--steps', '1']),
    gpu('feedback', [
      ...['feedback', ...network, ...atlas, '--mask', path.join(mask, 'mask.nii.gz'), '--steps', '1'],
      ...['--train-epochs', '1', '--train-batch-size', '4'],
    ]),
    {
      name: 'report',
      setup: (folder) => reportSetup(inputs, folder),
      words: (folder) => [
        ...['report', path.join(folder, 'study'), '--out', path.join(folder, 'out', 'paper.html')],
      ],
      places: ['study', 'out', 'out/paper_files'],
    },
    plain('export', ['export', model]),
    {
      name: 'study',
      setup: studySetup,
      words: (folder) => ['study', path.join(folder, 'study.yaml'), '--out', out(folder)],
      unasked: true,
      written: [
        'report.html',
        'report_files/numbers.json',
        'study.json',
        'units/cohort-one.simulate.json',
        'units/cohort-one.simulate.txt',
        'units/train.fold-0.txt',
      ].map((name) => `out/${name}`),
    },
    {
      name: 'demo',
      words: (folder) => ['demo', out(folder), '--participants', '6'],
      gpu: true,
      written: [
        'cohort.tsv',
        'demo.json',
        'images/sub-AD001_ses-M000_space-Ixi549Space_desc-simulated_probability.nii.gz',
        'mask/mask.json',
        'mask/tpl-IXI549Space/cohort-AD/anat/tpl-IXI549Space_cohort-AD_desc-occlusion_probseg.nii.gz',
        'report.html',
        'report_files/numbers.json',
        'simulate.json',
        'trained/groups/train/split-0/data.tsv',
        'trained/maps.json',
        'trained/split-0/run-0/best-balanced_accuracy/model.safetensors',
      ].map((name) => `out/${name}`),
    },
  ];
}

/** Commands that write one file, which `--out` names. */
export function fileCommandsOf(inputs: Inputs): Case[] {
  const { files, checkpoint, checkpointImage, image } = inputs;
  const out = (folder: string) => ['--out', path.join(folder, 'out', 'result.nii.gz')];
  return [
    { name: 'cohort describe', words: (folder) => ['cohort', 'describe', files.cohort, ...out(folder)] },
    {
      name: 'import',
      words: (folder) => [
        'import',
        checkpoint,
        '--like',
        checkpointImage,
        '--classes',
        'CN,AD',
        ...out(folder),
      ],
    },
    { name: 'resample', words: (folder) => ['resample', image, '--like', image, ...out(folder)] },
    {
      name: 'bench',
      words: (folder) => [
        ...['bench', '--size', '7,9,7', '--channels', '2', '--sub-blocks', '1', '--quick'],
        ...['--only', 'peers', '--python', 'no-such-python', ...out(folder)],
      ],
    },
  ];
}

/** Puts the configuration of a small study into a folder. */
export function studySetup(folder: string): void {
  writeFileSync(
    path.join(folder, 'study.yaml'),
    'name: out\ncohorts: { train: { name: one, simulate: { participants: 8, resolution: 6 } } }\n',
  );
}

/** Puts a folder of results, of which a report is to be made, into a folder. */
export function reportSetup({ mask }: Inputs, folder: string): void {
  cpSync(mask, path.join(folder, 'study', 'mask'), { recursive: true });
  mkdirSync(path.join(folder, 'out'), { recursive: true });
}

export function gridFile({ folder }: Inputs): string {
  const file = path.join(folder, 'grid.yaml');
  writeFileSync(file, 'stages:\n  - name: sizes\n    vary: { lambda1: [0.1, 1] }\n');
  return file;
}

function searchSpace({ folder }: Inputs): string {
  const file = path.join(folder, 'space.yaml');
  writeFileSync(
    file,
    'blocks: 1\nfirst-channels: { choices: [2, 3] }\nchannel-growth: 1\nsub-blocks: 1\nbatch-size: 4\nepochs: 1\n',
  );
  return file;
}

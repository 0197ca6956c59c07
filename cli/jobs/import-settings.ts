import { InputError } from '../../cohort/error.ts';
import { type Intensity, plainIntensity } from '../../cohort/intensity.ts';
import {
  type Architecture,
  defaultArchitecture,
  defaultSlope,
  type Reduction,
} from '../../model/architecture.ts';
import type { Blocks } from '../../model/pytorch/blocks.ts';
import type { MapsFacts } from './label-code.ts';

/** What weights do not tell, as far as the user says it. */
export interface Stated {
  /** in the order of the network's outputs */
  readonly classes: readonly string[] | null;
  /** class under study */
  readonly className: string | null;
  readonly reduction: Reduction | null;
  /** negative slope of LeakyReLU; 0 for ReLU */
  readonly slope: number | null;
  readonly dropout: number | null;
  readonly scale: Intensity['scale'] | null;
  /** mm */
  readonly smoothing: number | null;
}

/** Something that the weights do not tell, and where it is known from. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  readonly source: 'option' | 'maps.json' | 'weights' | 'assumed';
  /** how to say otherwise, where that is possible */
  readonly option?: string;
}

export interface Resolved {
  readonly outputs: readonly string[];
  readonly under: string;
  readonly reduction: Reduction;
  readonly slope: number;
  readonly dropout: number;
  readonly intensity: Intensity;
}

/**
 * Settles what weights do not tell: as the user says, else as ClinicaDL's maps.json does, else by an assumption. The order
 * of the classes is never assumed.
 *
 * @param file the checkpoint, for messages
 * @throws InputError when nobody states the classes, or the user and maps.json contradict each other
 */
export function resolveSettings(stated: Stated, maps: MapsFacts | null, file: string): Resolved {
  const outputs = outputsOf(stated.classes, maps, file);
  return {
    outputs,
    under: underStudy(stated.className, outputs),
    reduction: stated.reduction ?? defaultArchitecture.reduction,
    slope: stated.slope ?? defaultSlope,
    dropout: stated.dropout ?? defaultArchitecture.dropout,
    intensity: {
      scale: scaleOf(stated.scale, maps),
      smoothing: stated.smoothing ?? plainIntensity.smoothing,
    },
  };
}

function outputsOf(stated: Stated['classes'], maps: MapsFacts | null, file: string): readonly string[] {
  const recorded = maps?.classes ?? null;
  if (stated !== null && recorded !== null && stated.join() !== recorded.join()) {
    throw new InputError(
      maps!.file,
      `its label_code has the order ${recorded.join(',')}, and --classes ${stated.join(',')}`,
      'Leave --classes out, or correct the one that is wrong',
    );
  }
  const outputs = stated ?? recorded;
  if (outputs !== null) return outputs;
  throw new InputError(
    file,
    'does not tell which output is which class, and no maps.json with a label_code is beside or above it',
    'Name the classes in the order of the outputs, as --classes AD,CN where label 0 was AD',
  );
}

/** The last output that is not the controls'. */
function underStudy(stated: string | null, outputs: readonly string[]): string {
  if (stated === null) return outputs.findLast((name) => name !== 'CN') ?? outputs[outputs.length - 1];
  if (outputs.includes(stated)) return stated;
  throw new InputError('--class', `${stated} is not one of ${outputs.join(', ')}`, 'Name one of them');
}

function scaleOf(stated: Stated['scale'], maps: MapsFacts | null): Intensity['scale'] {
  const recorded = maps?.normalize === true ? 'min-max' : null;
  if (stated !== null && recorded !== null && stated !== recorded) {
    throw new InputError(
      maps!.file,
      `it says that images were scaled to [0, 1] (normalize), and --intensity is ${stated}`,
      'Leave --intensity out',
    );
  }
  return stated ?? recorded ?? plainIntensity.scale;
}

/** All settings of an imported network, each with its source. */
export function settingsOf(
  stated: Stated,
  maps: MapsFacts | null,
  resolved: Resolved,
  { architecture, blocksFrom }: { architecture: Architecture; blocksFrom: Blocks['from'] },
): Setting[] {
  const { outputs, under, reduction, slope, dropout, intensity } = resolved;
  const by = (value: unknown): Setting['source'] => (value === null ? 'assumed' : 'option');
  const counts = architecture.subBlocks.join(', ');
  const settings: (Setting | false)[] = [
    {
      name: 'classes of the outputs',
      value: outputs.map((name, i) => `${i} ${name}`).join(', '),
      source: stated.classes === null ? 'maps.json' : 'option',
      option: '--classes',
    },
    { name: 'class under study', value: under, source: by(stated.className), option: '--class' },
    {
      name: 'activation',
      value: slope === 0 ? 'ReLU' : `LeakyReLU with slope ${slope}`,
      source: by(stated.slope),
      option: '--slope (0 for ReLU)',
    },
    {
      name: 'halving',
      value:
        reduction === 'maxpool' ? 'max pooling of 2 x 2 x 2' : "stride 2 in each block's last convolution",
      source: by(stated.reduction),
      option: `--reduction ${reduction === 'maxpool' ? 'stride' : 'maxpool'}`,
    },
    hasOdd(architecture) && {
      name: 'odd axes',
      value: "a plane of zeros before the first voxel, as in ClinicaDL's PadMaxPool3d",
      source: 'assumed',
    },
    {
      name: 'blocks',
      value: `${counts} convolutions`,
      source: blocksFrom === 'names' ? 'weights' : blocksFrom === 'channels' ? 'assumed' : 'option',
      option: '--sub-blocks',
    },
    { name: 'padding of the convolutions', value: 'one voxel of zeros', source: 'assumed' },
    {
      name: 'order of the layers',
      value: 'convolution, batch normalisation (eps 1e-5), activation',
      source: 'assumed',
    },
    {
      name: 'dropout',
      value: `${dropout}, in training only`,
      source: by(stated.dropout),
      option: '--dropout',
    },
    {
      name: 'scale of the images',
      value: { none: 'as they are', 'min-max': 'to [0, 1]', 'z-score': 'z-score' }[intensity.scale],
      source:
        stated.scale !== null ? 'option' : typeof maps?.normalize === 'boolean' ? 'maps.json' : 'assumed',
      option: '--intensity',
    },
    {
      name: 'smoothing of the images',
      value: intensity.smoothing === 0 ? 'none' : `${intensity.smoothing} mm`,
      source: by(stated.smoothing),
      option: '--smoothing',
    },
    { name: 'orientation of the images', value: 'LAS', source: 'assumed' },
  ];
  return settings.filter((setting) => setting !== false);
}

/** Whether pooling meets an axis of odd size. */
function hasOdd({ inputShape, channels, reduction }: Architecture): boolean {
  if (reduction !== 'maxpool') return false;
  return inputShape.some((size) => channels.some((_, block) => Math.ceil(size / 2 ** block) % 2 === 1));
}

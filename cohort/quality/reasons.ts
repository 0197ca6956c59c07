import type { Side } from './edges.ts';
import type { Flip } from './flips.ts';

/** What is known of each kind of reason, beside its code. Shares are fractions, z are robust z-scores. */
interface Figures {
  readonly unreadable: { readonly fault: string };
  readonly grid: { readonly found: string; readonly wanted: string };
  readonly empty: object;
  readonly constant: { readonly value: number };
  readonly 'low-maximum': { readonly maximum: number; readonly least: number };
  readonly scaled: { readonly maximum: number; readonly scale: number };
  readonly 'not-probabilities': { readonly maximum: number };
  readonly modulated: { readonly maximum: number; readonly share: number };
  readonly negative: { readonly minimum: number };
  readonly nan: { readonly share: number };
  readonly 'few-values': { readonly count: number };
  readonly copy: { readonly of: string };
  readonly flipped: { readonly flip: Flip; readonly correlation: number; readonly asStored: number };
  readonly mirrored: { readonly asymmetry: number; readonly usual: number };
  readonly cut: { readonly side: Side; readonly share: number };
  readonly face: { readonly side: Side };
  readonly volume: { readonly z: number };
  readonly unlike: { readonly z: number };
  readonly outside: { readonly z: number };
}

export type ReasonCode = keyof Figures;

/** Why an image is rejected or flagged: a code, and the figures that its sentence needs. */
export type Reason = { [C in ReasonCode]: { readonly code: C } & Figures[C] }[ReasonCode];

/** The kinds of reasons without figures, so that alike ones count together and none names a person or a file. */
export const kinds = {
  unreadable: 'cannot be read',
  grid: 'is on another grid',
  empty: 'is empty',
  constant: 'is constant',
  'low-maximum': 'maximum is too low',
  scaled: 'values on another scale: stored as percent, or as 0 to 255?',
  'not-probabilities': 'values far above 1: not probabilities',
  modulated: 'values above 1: a modulated map?',
  negative: 'values below 0',
  nan: 'NaN in many voxels',
  'few-values': 'only a few different values: a binarised map?',
  copy: 'the same scan as another session',
  flipped: "fits the cohort's mean better when flipped",
  mirrored: 'left and right look swapped',
  cut: 'cut off at a side',
  face: 'gray matter reaches a face of the volume',
  volume: 'gray-matter volume stands out',
  unlike: "unlike the cohort's mean",
  outside: 'gray matter where others have none',
} as const satisfies Record<ReasonCode, string>;

const asFlipped: Readonly<Record<Flip, string>> = {
  'up-down': 'upside down',
  'front-back': 'back to front',
  both: 'upside down and back to front',
};

/** A reason as a sentence without its subject, the image. The only place that words reasons. */
export function reasonText(reason: Reason): string {
  switch (reason.code) {
    case 'unreadable':
      return `${kinds.unreadable}: ${reason.fault}`;
    case 'grid':
      return `${kinds.grid}: ${reason.found}, where most have ${reason.wanted}`;
    case 'constant':
      return `${kinds.constant}: ${reason.value}`;
    case 'low-maximum':
      return `maximum ${reason.maximum.toFixed(3)} is below ${reason.least}`;
    case 'scaled':
      return `values up to ${plain(reason.maximum)}: a probability map stored as 0 to ${reason.scale}? Divide by ${reason.scale}`;
    case 'not-probabilities':
      return `values up to ${plain(reason.maximum)}: not probabilities. Check what the map holds`;
    case 'modulated':
      return `above 1 in ${percent(reason.share)} of the voxels, up to ${plain(reason.maximum)} (a modulated map?)`;
    case 'negative':
      return `below 0, down to ${reason.minimum.toFixed(3)}`;
    case 'nan':
      return `NaN in ${percent(reason.share)} of the voxels`;
    case 'few-values':
      return `only ${reason.count} different values: a binarised map?`;
    case 'copy':
      return `the same scan as ${reason.of}, voxel by voxel`;
    case 'flipped':
      return `fits the cohort's mean better ${asFlipped[reason.flip]}: correlation ${reason.correlation.toFixed(2)}, as stored ${reason.asStored.toFixed(2)}`;
    case 'mirrored':
      return `left and right look swapped: its asymmetry correlates with the others' by ${reason.asymmetry.toFixed(2)}, usual is ${reason.usual.toFixed(2)}`;
    case 'cut':
      return `cut off at the ${reason.side}: no gray matter where the others have ${percent(reason.share)} of theirs`;
    case 'face':
      return `gray matter reaches the ${reason.side} face of the volume, where the others have none`;
    case 'empty':
      return kinds.empty;
    case 'volume':
    case 'unlike':
    case 'outside':
      return `${kinds[reason.code]}: z ${reason.z.toFixed(1)}`;
  }
}

/** The kind that a code stands for; null for a code that this version does not have. */
export function kindOf(code: string): (typeof kinds)[ReasonCode] | null {
  return Object.hasOwn(kinds, code) ? kinds[code as ReasonCode] : null;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}

/** Three decimals at most. */
function plain(value: number): string {
  return String(Number(value.toFixed(3)));
}

import type { Grid } from '../../cohort/volume.ts';
import type { TextCell } from '../text-table.ts';

/*
 * What a report shows, as plain data: whoever reads the files fills it in, and the page renders it. What is not there is an
 * empty list or null, and its section says so.
 */

/** A PNG file, embedded in the page and written beside it. */
export interface Picture {
  /** of its file, without .png */
  readonly name: string;
  readonly png: Uint8Array;
  /** what it shows, for those who do not see it */
  readonly alt: string;
  readonly caption: string;
}

/** A table of numbers, shown in the page and written beside it. */
export interface NumberTable {
  /** of its file, without .tsv */
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TextCell[])[];
}

/** A step of the study, or a command whose folder was found. */
export interface Unit {
  readonly id: string;
  readonly title: string;
  readonly experiments: readonly string[];
  readonly status: 'done' | 'failed' | 'missing';
  /** the command line, ready for a shell */
  readonly command: string;
  readonly seconds: number | null;
  readonly error: string | null;
}

/** Images of a cohort by their quality. */
export interface Quality {
  readonly cohort: string;
  readonly rejected: number;
  readonly flagged: number;
  readonly accepted: number;
  /** how many images have each kind of reason */
  readonly reasons: readonly (readonly [reason: string, images: number])[];
  readonly aboveOne: number;
  readonly sheet: Picture | null;
}

/** p-values of age and sex. */
export interface LikenessValues {
  readonly age: number | null;
  readonly sex: number | null;
}

export interface SplitReport {
  readonly test: {
    readonly draws: number | null;
    readonly lines: readonly (readonly [compared: string, p: LikenessValues])[];
  } | null;
  readonly folds: readonly {
    readonly fold: number;
    readonly train: Readonly<Record<string, number>>;
    readonly validation: Readonly<Record<string, number>>;
    readonly likeness: Readonly<Record<string, LikenessValues>>;
  }[];
}

/** One training: its curves and what was kept. */
export interface Training {
  readonly name: string;
  readonly fold: number | null;
  readonly run: number | null;
  readonly history: readonly {
    readonly epoch: number;
    readonly trainLoss: number;
    readonly validationLoss: number;
    readonly balancedAccuracy: number;
  }[];
  readonly keptEpoch: number | null;
  readonly interrupted: boolean;
  /** whether the network is above chance and its training at its end, in words; null where that is not known */
  readonly state: string | null;
  /** on the validation set, at the kept epoch */
  readonly validation: {
    readonly balancedAccuracy: number;
    readonly sensitivity: number;
    readonly specificity: number;
  } | null;
}

/** The sets that networks are judged on. */
export const groups = ['validation', 'test', 'independent'] as const;
export type Group = (typeof groups)[number];

/** One network on one set. */
export interface Accuracy {
  readonly group: Group;
  readonly fold: number | null;
  readonly run: number | null;
  readonly participants: number | null;
  readonly balancedAccuracy: number;
  /** 95 %; null where it was not computed */
  readonly interval: readonly [low: number, high: number] | null;
  /** of the balanced accuracy against chance; null where it is not known */
  readonly chance: { readonly p: number; readonly aboveChance: boolean } | null;
  readonly sensitivity: number | null;
  readonly specificity: number | null;
  readonly auc: number | null;
  readonly confusion: Confusion | null;
}

/** Sessions by true and predicted class, in the order of the classes. */
export interface Confusion {
  readonly classes: readonly string[];
  /** a row per true class */
  readonly counts: readonly (readonly number[])[];
}

export interface RegionDensity {
  readonly name: string;
  readonly density: number;
}

/** One mask. */
export interface MaskReport {
  readonly id: string;
  readonly name: string;
  readonly kind: 'group' | 'session';
  readonly cohort: string;
  readonly independent: boolean;
  readonly fold: number | null;
  readonly run: number | null;
  readonly className: string;
  /** of the class, on the images selected on: as they are, and under the thresholded mask */
  readonly probabilities: { readonly before: number; readonly after: number } | null;
  readonly touchedShare: number | null;
  readonly images: number | null;
  readonly steps: number | null;
  readonly interrupted: boolean;
  /** whether it converged, and whether it is a veil or empty, in words */
  readonly state: string;
  /** relative fall of its loss over the second half of its steps; null where it is not known */
  readonly lastFall: number | null;
  /** densest first; empty without an atlas */
  readonly regions: readonly RegionDensity[];
}

/** Kinds of pairs of masks, as `voxmask compare` names them. */
export type PairKind = 'within participants' | 'between participants' | 'folds' | 'runs' | 'cohorts';

export interface Spread {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly lowest: number | null;
  readonly highest: number | null;
  readonly undefinedPairs: number;
}

export interface PairSummary {
  readonly kind: PairKind;
  readonly pairs: number;
  readonly participants: number;
  /** pairs with a mask that is empty, a veil or not converged; null where it is not known */
  readonly doubtfulPairs: number | null;
  readonly similarity: Spread | null;
  readonly probCnn: Spread | null;
}

/** Numbers from 0 to 1 for rows and columns; null where there is none. */
export interface Matrix {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly corner: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly values: readonly (readonly (number | null)[])[];
}

/** A volume for the viewer, on its grid. */
export interface ViewerVolume {
  readonly name: string;
  /** 0 to 255 per voxel, C order */
  readonly bytes: Uint8Array;
}

export interface ViewerData {
  readonly grid: Grid;
  readonly backgrounds: readonly ViewerVolume[];
  /** 1 - m */
  readonly masks: readonly ViewerVolume[];
  /** region numbers from 1 per voxel, 0 outside, and their names from number 1 on; null without an atlas */
  readonly regions: { readonly names: readonly string[]; readonly bytes: Uint8Array } | null;
}

/** Something to know before one believes a number. */
export interface Warning {
  readonly level: 'warning' | 'note';
  readonly text: string;
  /** of a mask or a training that is not done */
  readonly topic?: 'undone';
}

export interface ReportData {
  readonly title: string;
  readonly version: string;
  /** ISO date */
  readonly madeAt: string;
  readonly anonymous: boolean;
  readonly classes: readonly string[];
  readonly units: readonly Unit[];
  readonly demographics: NumberTable | null;
  readonly quality: readonly Quality[];
  /** images whose masking loss stands out (paper, section 2.3.1, second step); null where no mask has told */
  readonly outliers: NumberTable | null;
  readonly splits: SplitReport;
  readonly trainings: readonly Training[];
  readonly accuracies: readonly Accuracy[];
  readonly masks: readonly MaskReport[];
  readonly summaries: readonly PairSummary[];
  readonly matrices: readonly Matrix[];
  /** masks over the objective's options */
  readonly gridPoints: NumberTable | null;
  /** by what: deletion curves and sanity checks, as tables */
  readonly checks: readonly (NumberTable & { readonly title: string; readonly caption: string })[];
  /** regions that a simulated cohort lost gray matter in; null where that is not known */
  readonly planted: readonly string[] | null;
  readonly answerPicture: Picture | null;
  readonly mosaics: readonly Picture[];
  readonly glassBrains: readonly Picture[];
  readonly otherPictures: readonly Picture[];
  readonly viewer: ViewerData | null;
  readonly warnings: readonly Warning[];
  readonly methods: readonly string[];
}

import type { Bead } from './shapes.ts';

/**
 * The simulated brain's regions of interest, one hemisphere: x is the distance from the midline plane, in mm;
 * y towards anterior and z towards superior are MNI coordinates. Each one exists on both sides (`_L`, `_R`).
 */
export interface Nucleus {
  readonly name: string;
  /** Chain in coordinates divided by `stretch`, so that a stretch of 1.6 along z makes it 1.6 times as tall. */
  readonly beads: readonly Bead[];
  readonly stretch?: readonly [number, number, number];
  /** Gray-matter probability deep inside. */
  readonly gray: number;
}

/** A piece of cortex: the ribbon that lies nearest to its line. */
export interface Territory {
  readonly name: string;
  readonly line: readonly Bead[];
}

/** Gray matter below the cortex, and the two medial temporal gyri that are small and must be where they belong. */
export const nuclei: readonly Nucleus[] = [
  {
    name: 'Hippocampus',
    gray: 0.93,
    beads: [
      [23, -9, -20, 5.6],
      [27, -19, -15.5, 5.4],
      [28, -28, -10, 4.6],
      [24, -37, -2, 3.6],
    ],
  },
  {
    name: 'ParaHippocampal',
    gray: 0.88,
    beads: [
      [21, -1, -31, 4.6],
      [22.5, -15, -27, 5],
      [23, -26, -21.5, 4.8],
      [18, -39, -10.5, 4.4],
    ],
  },
  {
    name: 'Amygdala',
    gray: 0.95,
    beads: [
      [22, -4, -17.5, 6],
      [26, -1, -21, 6.2],
    ],
  },
  {
    name: 'Caudate',
    gray: 0.92,
    beads: [
      [10.5, 18, 0, 5.4],
      [12, 10, 10, 4.8],
      [15.5, -6, 19.5, 3.2],
      [21, -26, 21, 2.4],
    ],
  },
  {
    name: 'Putamen',
    gray: 0.86,
    stretch: [1, 1, 1.6],
    beads: [
      [21, 12, 0, 5.2],
      [26.5, 0, 1, 5.6],
      [30, -14, 2.5, 3.2],
    ],
  },
  {
    name: 'Pallidum',
    gray: 0.42,
    stretch: [1, 1, 1.4],
    beads: [
      [15, 3, -1, 3.4],
      [21, -7, 0, 4],
    ],
  },
  {
    name: 'Thalamus',
    gray: 0.74,
    beads: [
      [8, -8, 7, 5],
      [11, -18, 7, 8.4],
      [16, -28, 5, 6],
    ],
  },
];

/** Cerebral cortex by gyrus. */
export const cortex: readonly Territory[] = [
  { name: 'Precentral', line: line([28, -16, 68], [40, -8, 48], [56, 4, 24]) },
  { name: 'Postcentral', line: line([28, -34, 66], [44, -24, 50], [60, -12, 26]) },
  { name: 'Frontal_Sup', line: line([20, 60, 10], [22, 32, 44], [22, -2, 66]) },
  { name: 'Frontal_Mid', line: line([36, 54, 4], [40, 36, 30], [38, 12, 50]) },
  { name: 'Frontal_Inf_Oper', line: line([52, 12, 6], [50, 12, 24]) },
  { name: 'Frontal_Inf_Tri', line: line([48, 32, 2], [46, 30, 18]) },
  { name: 'Frontal_Inf_Orb', line: line([42, 32, -10]) },
  { name: 'Rolandic_Oper', line: line([50, 0, 10], [50, -18, 16]) },
  { name: 'Supp_Motor_Area', line: line([6, 12, 56], [6, -8, 66]) },
  { name: 'Olfactory', line: line([9, 16, -16], [14, 8, -16]) },
  { name: 'Frontal_Sup_Medial', line: line([5, 60, 4], [5, 48, 32], [5, 30, 50]) },
  { name: 'Frontal_Med_Orb', line: line([5, 54, -10]) },
  { name: 'Rectus', line: line([5, 44, -18], [5, 24, -20]) },
  { name: 'Orbitofrontal_Medial', line: line([16, 44, -18], [18, 22, -20]) },
  { name: 'Orbitofrontal_Lateral', line: line([30, 44, -14], [32, 24, -18]) },
  { name: 'Insula', line: line([35, 18, -6], [37, 6, 4], [37, -16, 8]) },
  { name: 'Cingulate_Ant', line: line([5, 38, 2], [5, 32, 22]) },
  { name: 'Cingulate_Mid', line: line([6, 12, 36], [6, -34, 38]) },
  { name: 'Cingulate_Post', line: line([5, -50, 32], [5, -47, 22]) },
  { name: 'Calcarine', line: line([8, -94, 0], [12, -64, 8]) },
  { name: 'Cuneus', line: line([7, -90, 20], [7, -76, 32]) },
  { name: 'Lingual', line: line([10, -88, -8], [14, -54, -2]) },
  { name: 'Occipital_Sup', line: line([20, -90, 20], [22, -78, 36]) },
  { name: 'Occipital_Mid', line: line([32, -90, 6], [38, -74, 24]) },
  { name: 'Occipital_Inf', line: line([30, -90, -8], [44, -70, -8]) },
  { name: 'Fusiform', line: line([32, -10, -36], [34, -36, -24], [32, -66, -14]) },
  { name: 'Parietal_Sup', line: line([24, -50, 66], [22, -70, 50]) },
  { name: 'Parietal_Inf', line: line([50, -38, 48], [36, -58, 48]) },
  { name: 'SupraMarginal', line: line([60, -28, 28], [58, -42, 32]) },
  { name: 'Angular', line: line([52, -58, 28], [42, -68, 38]) },
  { name: 'Precuneus', line: line([7, -46, 58], [7, -66, 46], [9, -58, 28]) },
  { name: 'Paracentral_Lobule', line: line([7, -24, 70], [7, -36, 62]) },
  { name: 'Heschl', line: line([40, -26, 10], [50, -14, 6]) },
  { name: 'Temporal_Sup', line: line([58, 4, -8], [62, -20, 2], [58, -46, 16]) },
  { name: 'Temporal_Pole_Sup', line: line([42, 16, -18], [32, 10, -24]) },
  { name: 'Temporal_Mid', line: line([58, -2, -22], [64, -32, -6], [54, -64, 8]) },
  { name: 'Temporal_Pole_Mid', line: line([40, 14, -34], [30, 10, -38]) },
  { name: 'Temporal_Inf', line: line([46, -2, -42], [56, -30, -26], [54, -60, -10]) },
];

/** Cerebellar cortex by lobule. */
export const cerebellum: readonly Territory[] = [
  { name: 'Cerebellum_4_5', line: line([6, -52, -10], [20, -42, -22]) },
  { name: 'Cerebellum_6', line: line([8, -70, -16], [30, -54, -26]) },
  { name: 'Cerebellum_Crus1', line: line([20, -84, -26], [46, -60, -32]) },
  { name: 'Cerebellum_Crus2', line: line([10, -82, -34], [40, -66, -44]) },
  { name: 'Cerebellum_7b', line: line([22, -74, -48], [38, -54, -50]) },
  { name: 'Cerebellum_8', line: line([14, -66, -46], [26, -48, -54]) },
  { name: 'Cerebellum_9', line: line([7, -54, -40], [10, -46, -50]) },
];

function line(...points: [number, number, number][]): Bead[] {
  return points.map(([x, y, z]) => [x, y, z, 0]);
}

/** Every region name of one side, in table order: cortex, nuclei, cerebellum. */
export const regionNames: readonly string[] = [...cortex, ...nuclei, ...cerebellum].map(({ name }) => name);

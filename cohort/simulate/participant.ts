import { type Stream, stream } from './random.ts';
import { drawWarp, type Warp } from './warp.ts';

/** The two classes of a simulated cohort. */
export const classes = ['CN', 'AD'] as const;

/** All that makes a map differ from the brain it is drawn from. */
export interface Appearance {
  readonly globalFactor: number;
  /** Per region, in the brain's order: normal variation around 1. */
  readonly regionalFactors: readonly number[];
  /** Per planted region: mean fraction of gray matter lost; none for CN. */
  readonly losses: ReadonlyMap<string, number>;
  readonly warp: Warp;
}

/** A simulated person, as they look at baseline. */
export interface Participant extends Appearance {
  readonly id: string;
  readonly diagnosis: (typeof classes)[number];
  /** Years, one decimal. */
  readonly age: number;
  readonly sex: 'F' | 'M';
  /** Of the disease, around 1 whatever the strength and the regions; 0 for CN. */
  readonly severity: number;
}

// Between-subject standard deviations. Ten healthy adults' maps vary by 0.11 (median region), 0.075 (hippocampus) and
// 0.064 (global mean); part of it comes from the warps and some is lost by smoothing and saturation, hence other numbers.
const globalSpread = 0.06;
const regionalSpread = 0.125;
const hippocampalSpread = 0.08;

/**
 * Draws one participant. The numbers depend on the seed, the class and the participant's place in it, and on nothing
 * else: neither resolution, nor strength, nor the number of participants moves them.
 *
 * @param index from 0 within the class; participants of one index are matched in age and sex across classes
 * @param strength mean fraction of gray matter that an AD participant has lost in the planted regions
 * @param warpSize in multiples of the usual
 */
export function drawParticipant(
  seed: number,
  classIndex: number,
  index: number,
  regions: readonly string[],
  planted: readonly string[],
  strength: number,
  warpSize = 1,
): Participant {
  const diagnosis = classes[classIndex];
  const pair = stream(seed, 0, index);
  const own = stream(seed, 1 + classIndex, index, 0);
  const age = 75 + 7 * pair.normal() + 2 * own.uniform() - 1;
  const patient = diagnosis === 'AD';
  const atrophy = stream(seed, 1 + classIndex, index, 2);
  const severity = patient ? 1 + 0.2 * clip(atrophy.normal(), -3, 3) : 0;
  const firstSex = stream(seed, 3).uniform() < 0.5 ? 0 : 1;
  return {
    id: `sub-${diagnosis}${String(index + 1).padStart(3, '0')}`,
    diagnosis,
    age: Math.round(10 * clip(age, 55, 92)) / 10,
    sex: (index + firstSex) % 2 === 0 ? 'F' : 'M',
    globalFactor: 1 + globalSpread * clip(own.normal(), -3, 3),
    regionalFactors: drawFactors(stream(seed, 1 + classIndex, index, 1), regions),
    severity,
    losses: patient ? drawLosses(atrophy, planted, strength, severity) : new Map(),
    warp: drawWarp(stream(seed, 1 + classIndex, index, 3), warpSize),
  };
}

/** Normal variation: half of a region's variance is shared by both sides. */
function drawFactors(random: Stream, regions: readonly string[]): number[] {
  const shared = new Map<string, number>();
  return regions.map((name) => {
    const structure = name.replace(/[_-](L|R|left|right)$/i, '');
    if (!shared.has(structure)) shared.set(structure, random.normal());
    const spread = /^hippocampus/i.test(name) ? hippocampalSpread : regionalSpread;
    const deviation = Math.SQRT1_2 * (shared.get(structure)! + random.normal());
    return 1 + spread * clip(deviation, -3, 3);
  });
}

/** Atrophy: its severity differs between participants, and a little between a participant's regions. */
function drawLosses(
  random: Stream,
  planted: readonly string[],
  strength: number,
  severity: number,
): Map<string, number> {
  return new Map(planted.map((name) => [name, clip(strength * (severity + 0.1 * random.normal()), 0, 0.95)]));
}

export function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

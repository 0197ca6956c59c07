import type { Accuracy, Group, MaskReport, PairSummary, ReportData } from './data.ts';

/*
 * The report's conclusions follow from its numbers by these rules (docs/method.md, "Conclusions of the report"). Margins are
 * conventions, stated beside each conclusion.
 */

/** Differences of accuracy or similarity up to this are called alike. */
export const margin = 0.05;
/** A mask hides its class where the class's mean probability under it is at most this. */
export const hidden = 0.1;
/** Retrained networks whose masks are at least this similar are said to use much the same regions. */
export const muchTheSame = 0.85;
/** The densest regions that are counted (paper, section 3.2.1). */
export const topCount = 5;

/** The networks of a study's folds on one set: the first run of each. */
export function foldAccuracies(accuracies: readonly Accuracy[], group: Group): Accuracy[] {
  return accuracies.filter((one) => one.group === group && (one.run ?? 0) === 0);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export type Chance = 'above' | 'in part' | 'not shown' | 'unknown';

/** Whether networks are better than chance: their intervals of balanced accuracy, all or some, lie above 0.5. */
export function chance(networks: readonly Accuracy[]): Chance {
  const known = networks.filter(({ interval }) => interval !== null);
  if (known.length === 0) return 'unknown';
  const above = known.filter(({ interval }) => interval![0] > 0.5).length;
  return above === known.length ? 'above' : above > 0 ? 'in part' : 'not shown';
}

/** The set that accuracy is told by: the test set, else the independent cohort, else the validation set. */
export function judgedOn(accuracies: readonly Accuracy[]): Group | null {
  const order: readonly Group[] = ['test', 'independent', 'validation'];
  return order.find((group) => foldAccuracies(accuracies, group).length > 0) ?? null;
}

/** A region's name without its side. */
export function structureOf(region: string): string {
  return region.replace(/_[LR]$/, '');
}

/** In how many masks each structure, of either side, is among the densest; most often first. Regions left alone do not count. */
export function structureCounts(masks: readonly MaskReport[]): [structure: string, masks: number][] {
  const counts = new Map<string, number>();
  for (const { regions } of masks) {
    const top = regions.filter(({ density }) => density > 0).slice(0, topCount);
    for (const name of new Set(top.map((region) => structureOf(region.name)))) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** The group masks of the training cohort, one per fold: its first run; else those there are. */
export function mainMasks<M extends MaskReport>(masks: readonly M[]): M[] {
  const group = masks.filter(({ kind }) => kind === 'group');
  const own = group.filter(({ independent, run }) => !independent && (run ?? 0) === 0);
  return own.length > 0 ? own : group;
}

export type Verdict = 'less' | 'alike' | 'more';

/** How one mean compares with another, beyond the margin. */
export function against(value: number, other: number): Verdict {
  return value < other - margin ? 'less' : value > other + margin ? 'more' : 'alike';
}

/** What retraining does to masks, beside what the person does; null where a part is missing. */
export interface Robustness {
  readonly retrained: number;
  readonly between: number;
  /** of retrained networks against one network over participants */
  readonly verdict: Verdict;
  readonly probCnn: {
    readonly retrained: number;
    readonly between: number;
    readonly verdict: Verdict;
  } | null;
  readonly pairs: { readonly retrained: number; readonly between: number };
}

/**
 * Compares masks of retrained networks (other folds, other runs; means over their pairs) with masks of one network over
 * participants: the paper's question (section 4).
 */
export function robustness(summaries: readonly PairSummary[]): Robustness | null {
  const again = summaries.filter(
    ({ kind, similarity }) => (kind === 'folds' || kind === 'runs') && similarity,
  );
  const between = summaries.find(({ kind }) => kind === 'between participants');
  if (again.length === 0 || !between?.similarity) return null;
  const retrained = pooled(again, ({ similarity }) => similarity?.mean ?? null);
  const probes = pooled(again, ({ probCnn }) => probCnn?.mean ?? null);
  return {
    retrained: retrained!,
    between: between.similarity.mean,
    verdict: against(retrained!, between.similarity.mean),
    probCnn:
      probes !== null && between.probCnn
        ? { retrained: probes, between: between.probCnn.mean, verdict: against(probes, between.probCnn.mean) }
        : null,
    pairs: { retrained: again.reduce((sum, { pairs }) => sum + pairs, 0), between: between.pairs },
  };
}

/** Mean over kinds, weighted by their pairs that have a number. */
function pooled(
  summaries: readonly PairSummary[],
  value: (one: PairSummary) => number | null,
): number | null {
  const known = summaries.flatMap((one) => {
    const at = value(one);
    return at === null ? [] : [{ at, weight: one.pairs }];
  });
  if (known.length === 0) return null;
  const total = known.reduce((sum, { weight }) => sum + weight, 0);
  return known.reduce((sum, { at, weight }) => sum + (at * weight) / total, 0);
}

/** Masks under which the class stays likely: what they leave alone is enough for the network. */
export function ineffective<M extends MaskReport>(masks: readonly M[]): M[] {
  return masks.filter(({ probabilities }) => probabilities !== null && !(probabilities.after <= hidden));
}

/** Of the planted regions, those among as many densest ones as were planted, by mask. */
export function plantedFound({ masks, planted }: Pick<ReportData, 'masks' | 'planted'>) {
  if (!planted || planted.length === 0) return null;
  const all = mainMasks(masks).filter(({ regions }) => regions.length > 0);
  if (all.length === 0) return null;
  return all.map((mask) => {
    const top = mask.regions.slice(0, planted.length).map(({ name }) => name);
    return { mask, found: planted.filter((name) => top.includes(name)).length, of: planted.length };
  });
}

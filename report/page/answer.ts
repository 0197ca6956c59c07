import type { Group, ReportData } from './data.ts';
import {
  against,
  chance,
  foldAccuracies,
  hidden,
  ineffective,
  judgedOn,
  mainMasks,
  margin,
  mean,
  muchTheSame,
  plantedFound,
  robustness,
  structureCounts,
  topCount,
} from './rules.ts';

/** One thing that the numbers say, or that is not known yet. */
export interface Finding {
  readonly question: string;
  readonly answer: string;
  /** false where the numbers for it are not there */
  readonly known: boolean;
}

const sets: Readonly<Record<Group, string>> = {
  validation: 'the validation sets',
  test: 'the test set',
  independent: 'the independent cohort',
};

/** The report's answers, in plain words, each by a rule of `rules.ts`. */
export function findings(data: ReportData): Finding[] {
  return [accuracy(data), transfer(data), regions(data), effect(data), robust(data), conclusion(data)].filter(
    (finding) => finding !== null,
  );
}

function accuracy({ accuracies }: ReportData): Finding {
  const question = 'Does the network tell the classes apart?';
  const group = judgedOn(accuracies);
  if (group === null) return unknown(question, 'No network has been trained or judged yet.');
  const networks = foldAccuracies(accuracies, group);
  const value = mean(networks.map(({ balancedAccuracy }) => balancedAccuracy));
  const number = `Balanced accuracy ${value.toFixed(2)} on ${sets[group]} (${networkCount(networks.length)}; chance is 0.50).`;
  const judged = {
    above:
      networks.length > 1
        ? 'Every network is better than chance (95 % intervals).'
        : 'That is better than chance (95 % interval).',
    'in part': 'Some of the networks are better than chance by their 95 % intervals, others are not.',
    'not shown': 'Better than chance is not shown: the 95 % intervals reach 0.50.',
    unknown: 'Without "voxmask evaluate" there is no interval around it.',
  }[chance(networks)];
  const optimistic =
    group === 'validation'
      ? ' The kept epoch was chosen on these participants, so the number is optimistic; a test set tells more.'
      : '';
  return { question, answer: `${number} ${judged}${optimistic}`, known: true };
}

function transfer({ accuracies }: ReportData): Finding | null {
  const question = 'Does it hold on a cohort that it has not seen?';
  const here = (['test', 'validation'] as const).find(
    (group) => foldAccuracies(accuracies, group).length > 0,
  );
  const there = foldAccuracies(accuracies, 'independent');
  if (there.length === 0 || here === undefined) {
    return unknown(question, 'No independent cohort has been evaluated.');
  }
  if (chance(foldAccuracies(accuracies, here)) === 'not shown') {
    const answer = `There is nothing to hold: on ${sets[here]} it is not shown to be better than chance.`;
    return { question, answer, known: true };
  }
  const own = mean(foldAccuracies(accuracies, here).map(({ balancedAccuracy }) => balancedAccuracy));
  const other = mean(there.map(({ balancedAccuracy }) => balancedAccuracy));
  const answer = {
    less: `It falls from ${own.toFixed(2)} on ${sets[here]} to ${other.toFixed(2)}.`,
    alike: `Yes: ${other.toFixed(2)}, where ${sets[here]} had ${own.toFixed(2)} (within ${margin}).`,
    more: `It is higher there: ${other.toFixed(2)}, where ${sets[here]} had ${own.toFixed(2)}.`,
  }[against(other, own)];
  return { question, answer, known: true };
}

function regions(data: ReportData): Finding {
  const question = 'Which regions does it use?';
  const masks = mainMasks(data.masks).filter((mask) => mask.regions.length > 0);
  if (masks.length === 0) return unknown(question, 'There is no group mask with an atlas yet.');
  const counts = structureCounts(masks);
  if (counts.length === 0)
    return { question, answer: 'None: the masks leave every region alone.', known: true };
  const text =
    masks.length === 1
      ? `Densest in the mask: ${list(
          masks[0].regions
            .filter(({ density }) => density > 0)
            .slice(0, topCount)
            .map(({ name, density }) => `${name} (${density.toFixed(2)})`),
        )}.`
      : counts[0][1] === 1
        ? `The ${masks.length} masks share none: no structure is among the ${topCount} densest regions of two of them.`
        : `Among the ${topCount} densest: ${list(
            counts
              .filter(([, count]) => count > 1)
              .slice(0, topCount + 1)
              .map(([name, count]) => `${name} in ${count} of ${masks.length} masks`),
          )}.`;
  const found = plantedFound(data);
  const truth = found
    ? ` Simulated data, so the truth is known: of ${found[0].of} regions with planted atrophy, ${range(found.map((one) => one.found))} are among the ${found[0].of} densest.`
    : '';
  return { question, answer: text + truth, known: true };
}

function effect({ masks }: ReportData): Finding | null {
  const all = masks.filter(({ probabilities }) => probabilities !== null);
  if (all.length === 0) return null;
  const weak = ineffective(all);
  const after = all.map(({ probabilities }) => probabilities!.after);
  const most = Math.max(...after);
  const answer =
    weak.length === 0
      ? `Yes: under ${all.length === 1 ? 'the mask' : `each of the ${all.length} masks`} the class's mean probability falls to ${small(most)}${all.length === 1 ? '' : ' or less'}.`
      : `Not all: under ${weak.length} of ${all.length} masks the class keeps a probability above ${hidden} (up to ${small(most)}). What such a mask leaves alone is enough for the network, so its regions are not the whole answer.`;
  return { question: 'Do the masks hide what the network needs?', answer, known: true };
}

function robust({ summaries }: ReportData): Finding {
  const question = 'Do retrained networks use the same regions?';
  const found = robustness(summaries);
  if (!found) {
    return unknown(
      question,
      'Not known: that takes masks of several folds or runs, and masks of single sessions, compared by "voxmask compare".',
    );
  }
  const { retrained, between, verdict, probCnn, pairs } = found;
  const similar = {
    less: 'less alike than',
    alike: 'as alike as',
    more: 'more alike than',
  }[verdict];
  const numbers = `Masks of retrained networks are ${similar} masks of one network over different participants: ROI similarity ${retrained.toFixed(2)} (${pairs.retrained} pairs) against ${between.toFixed(2)} (${pairs.between} pairs).`;
  const probes = probCnn
    ? ` The probability that survives another's mask (probCNN) is ${probCnn.retrained.toFixed(2)} against ${probCnn.between.toFixed(2)}.`
    : '';
  return { question, answer: numbers + probes, known: true };
}

function conclusion(data: ReportData): Finding {
  const question = 'What does that allow one to conclude?';
  const group = judgedOn(data.accuracies);
  const networks = group === null ? [] : foldAccuracies(data.accuracies, group);
  if (networks.length > 0 && chance(networks) === 'not shown') {
    return {
      question,
      answer:
        'Nothing about the disease: networks that are not better than chance have found no sign of it, and neither have their masks.',
      known: true,
    };
  }
  const found = robustness(data.summaries);
  if (!found) {
    return unknown(
      question,
      'The masks show what these networks use. Whether other networks, trained on the same task, would use the same is open, so they cannot be read as a map of the disease.',
    );
  }
  const split = found.probCnn !== null && found.probCnn.verdict !== opposite[found.verdict];
  const text = {
    less:
      found.retrained >= muchTheSame
        ? `Retrained networks agree on most of the regions (ROI similarity at least ${muchTheSame}), yet training changes a mask more than the person does. What all masks share may be trusted more than what one of them shows.`
        : 'Which regions a mask shows depends on the training more than on the person. The masks describe these networks; they are no map of the disease, and a single one should not be used to explain a diagnosis.',
    alike:
      'Training the network again changes the regions about as much as looking at another person does. What all masks share may be trusted more than what one of them shows.',
    more: 'Retrained networks come back to the same regions, more so than masks of different participants agree. The regions belong to the data rather than to one training.',
  }[found.verdict];
  const doubt = split
    ? ' The two measures do not say the same, so this rests on ROI similarity alone; see the table of similarities.'
    : '';
  const few = found.pairs.retrained < 3 ? ' With so few networks this is an indication only.' : '';
  const real = data.planted
    ? ' These are simulated data: they show that the method works, and say nothing about a disease.'
    : '';
  return { question, answer: text + doubt + few + real, known: true };
}

/** probCNN is a dissimilarity: where masks are less alike, it is higher. */
const opposite = { less: 'more', alike: 'alike', more: 'less' } as const;

function unknown(question: string, answer: string): Finding {
  return { question, answer, known: false };
}

function networkCount(count: number): string {
  return count === 1 ? 'one network' : `mean of ${count} networks`;
}

function list(items: readonly string[]): string {
  return items.length < 2
    ? items.join('')
    : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? String(low) : `${low} to ${high}`;
}

function small(value: number): string {
  return value >= 0.001 ? value.toFixed(3) : value.toExponential(0);
}

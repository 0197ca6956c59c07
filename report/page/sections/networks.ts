import {
  type Accuracy,
  type Confusion,
  type Group,
  groups,
  type ReportData,
  type Training,
} from '../data.ts';
import { type Html, html } from '../html.ts';
import { lineChart } from '../line-chart.ts';
import { paper } from '../paper.ts';
import { foldAccuracies, mean } from '../rules.ts';
import { shadeOf } from '../shade.ts';
import { table } from '../table.ts';
import { absent, type Section } from './section.ts';

/** Losses and accuracy of every training. */
export function curvesSection({ trainings }: ReportData): Section {
  const shown = trainings.filter(({ history }) => history.length > 0);
  const body =
    shown.length === 0
      ? absent('No training has written its history yet.')
      : html`<div class="charts">${shown.map(curves)}</div>`;
  return { id: 'curves', title: 'Learning curves', body };
}

function curves({ name, history, keptEpoch, state }: Training): Html {
  const x = history.map(({ epoch }) => epoch);
  return lineChart({
    title: state === null || state === 'above chance' ? name : `${name} (${state})`,
    xName: 'epoch',
    lines: [
      { name: 'training loss', x, y: history.map(({ trainLoss }) => trainLoss) },
      { name: 'validation loss', x, y: history.map(({ validationLoss }) => validationLoss) },
      { name: 'balanced accuracy', x, y: history.map(({ balancedAccuracy }) => balancedAccuracy) },
    ],
    mark: keptEpoch === null ? null : { x: keptEpoch, name: `kept: epoch ${keptEpoch}` },
  });
}

const titles: Readonly<Record<Group, string>> = {
  validation: 'validation',
  test: 'test set',
  independent: 'independent cohort',
};

/** Who was taken for whom. */
export function confusionSection({ accuracies }: ReportData): Section {
  const parts = groups.flatMap((group) => {
    const own = foldAccuracies(accuracies, group).filter(({ confusion }) => confusion !== null);
    if (own.length === 0) return [];
    const label = ({ fold }: Accuracy) => (fold === null ? 'network' : `fold ${fold}`);
    return html`<h3>${titles[group]}</h3><div class="confusions">${own.map((one) => confusion(label(one), one.confusion!))}</div>`;
  });
  const body =
    parts.length === 0
      ? absent('No network has been judged yet.')
      : html`<p>Rows: the true class; columns: what the network says; shaded by the share of the row.</p>${parts}`;
  return { id: 'confusion', title: 'Confusion matrices', body };
}

function confusion(title: string, { classes, counts }: Confusion): Html {
  const cell = (count: number, row: readonly number[]) => {
    const { background, ink } = shadeOf(
      count /
        Math.max(
          1,
          row.reduce((sum, value) => sum + value, 0),
        ),
    );
    return html`<td class="heat" style="background:${background};color:${ink}">${count}</td>`;
  };
  return html`<table class="confusion"><caption>${title}</caption>
<thead><tr><th scope="col">true</th>${classes.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${counts.map((row, i) => html`<tr><th scope="row">${classes[i]}</th>${row.map((count) => cell(count, row))}</tr>`)}</tbody></table>`;
}

/** Balanced accuracy of every fold beside the paper's (E1 to E3). */
export function foldsSection({ accuracies, trainings }: ReportData): Section {
  const present = groups.filter((group) => foldAccuracies(accuracies, group).length > 0);
  if (present.length === 0) {
    return { id: 'folds', title: 'Accuracy by fold', body: absent('No network has been judged yet.') };
  }
  const body = html`${table(foldTable(accuracies), "Balanced accuracy by fold, with its 95 % interval, beside the paper's (E1 to E3)")}
<p class="faint">Intervals: bootstrap over participants. The paper's networks, cohorts and sizes are others; its values are there for orientation.</p>
${runTable({ accuracies, trainings })}`;
  return { id: 'folds', title: 'Accuracy by fold', body };
}

/** The table of E1 to E3: a row per fold and the means; for the page and for the file beside it. */
export function foldTable(accuracies: readonly Accuracy[]) {
  const folds = [...new Set(accuracies.filter(({ run }) => (run ?? 0) === 0).map(({ fold }) => fold))].sort(
    (a, b) => (a ?? -1) - (b ?? -1),
  );
  const cell = (one: Accuracy | undefined) => {
    if (!one) return 'n/a';
    const interval = one.interval ? ` [${one.interval[0].toFixed(2)}, ${one.interval[1].toFixed(2)}]` : '';
    const doubt = one.chance && !one.chance.aboveChance ? ' (not above chance)' : '';
    return `${one.balancedAccuracy.toFixed(2)}${interval}${doubt}`;
  };
  const rows = folds.map((fold) => [
    fold === null ? 'network' : `fold ${fold}`,
    ...groups.flatMap((group) => [
      cell(foldAccuracies(accuracies, group).find((one) => one.fold === fold)),
      fold === null ? 'n/a' : (paper.accuracy[group][fold]?.toFixed(2) ?? 'n/a'),
    ]),
  ]);
  const means = groups.flatMap((group) => {
    const own = foldAccuracies(accuracies, group);
    const value =
      own.length > 0 ? mean(own.map(({ balancedAccuracy }) => balancedAccuracy)).toFixed(2) : 'n/a';
    return [value, paper.meanAccuracy[group].toFixed(2)];
  });
  return {
    columns: ['', ...groups.flatMap((group) => [titles[group], 'paper'])],
    rows: [...rows, ['mean', ...means]],
  };
}

/** Every network with what was measured of it. */
function runTable({ accuracies }: Pick<ReportData, 'accuracies' | 'trainings'>): Html {
  const rows = accuracies.map((one) => [
    `${one.fold === null ? 'network' : `fold ${one.fold}`}${one.run === null ? '' : `, run ${one.run}`}`,
    titles[one.group],
    one.participants,
    one.balancedAccuracy,
    one.chance?.p ?? null,
    one.sensitivity,
    one.specificity,
    one.auc,
  ]);
  const columns = [
    'network',
    'set',
    'participants',
    'balanced accuracy',
    'p against chance',
    'sensitivity',
    'specificity',
    'AUC',
  ];
  return html`<details><summary>Sensitivity, specificity, AUC of every network</summary>${table({ columns, rows }, 'Every network on every set')}</details>`;
}

import type { LikenessValues, Quality, ReportData } from '../data.ts';
import { html } from '../html.ts';
import { show, table } from '../table.ts';
import { absent, picture, type Section } from './section.ts';

/** What the quality check found, with the images. */
export function qualitySection({ quality, outliers }: ReportData): Section {
  const images =
    quality.length === 0
      ? absent('No cohort has been checked: "voxmask cohort check" looks for images that failed.')
      : html`${quality.map(gallery)}`;
  const losses =
    outliers &&
    html`<h3>Masking losses</h3>${outliers.rows.length > 0 ? table(outliers, 'Images whose masking loss stands out (robust z-score)') : html`<p>No image's masking loss stands out.</p>`}`;
  return { id: 'quality', title: 'Quality check', body: html`${images}${losses}` };
}

function gallery({ cohort, rejected, flagged, accepted, reasons, sheet }: Quality) {
  return html`<h3>${cohort}</h3>
<p>${rejected} rejected, ${flagged} flagged, ${accepted} accepted.</p>
${reasons.length > 0 && table({ columns: ['reason', 'images'], rows: reasons }, `Reasons in ${cohort}`)}
${sheet ? picture(sheet) : absent('The contact sheet is not shown.')}`;
}

/** Table 1. */
export function demographicsSection({ demographics }: ReportData): Section {
  const body = demographics
    ? html`${table(demographics, 'Participants at their first sessions: mean ± standard deviation [range]')}`
    : absent('No cohort table was found.');
  return { id: 'table-1', title: 'Table 1: participants', body };
}

/** Test set and folds, with the tests of their age and sex. */
export function splitsSection({ splits: { test, folds } }: ReportData): Section {
  const p = ({ age, sex }: LikenessValues) => [show(age), show(sex)];
  const classes = [...new Set(folds.flatMap(({ likeness }) => Object.keys(likeness)))];
  const counts = (of: Readonly<Record<string, number>>) => classes.map((name) => of[name] ?? 0).join(' / ');
  const body = html`<p>Student's t-test on age, chi-squared test on counts of sex. A small p-value would say that two sets differ.</p>
${
  test
    ? table(
        {
          columns: ['compared', 'p, age', 'p, sex'],
          rows: test.lines.map(([name, values]) => [name, ...p(values)]),
        },
        `Test set${test.draws === null ? '' : `, accepted at draw ${test.draws}`}`,
      )
    : absent('No test set was set aside by "voxmask split test".')
}
${
  folds.length > 0
    ? table(
        {
          columns: [
            'fold',
            `training sessions (${classes.join(' / ')})`,
            `validation participants (${classes.join(' / ')})`,
            ...classes.flatMap((name) => [`p, age, ${name}`, `p, sex, ${name}`]),
          ],
          rows: folds.map(({ fold, train, validation, likeness }) => [
            String(fold),
            counts(train),
            counts(validation),
            ...classes.flatMap((name) => p(likeness[name] ?? { age: null, sex: null })),
          ]),
        },
        'Folds: validating against training participants',
      )
    : absent('No table of folds by "voxmask split kfold"; training drew its own.')
}`;
  return { id: 'splits', title: 'Splits', body };
}

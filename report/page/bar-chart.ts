import { type Html, html } from './html.ts';

export interface BarLine {
  readonly name: string;
  readonly value: number;
  readonly marked: boolean;
}

/** Bars with their names and numbers, as a list that reads well aloud; those marked carry an asterisk. */
export function barChart(title: string, bars: readonly BarLine[], digits = 3): Html {
  const most = Math.max(0, ...bars.map(({ value }) => value)) || 1;
  return html`<figure class="chart"><figcaption class="above">${title}</figcaption><dl class="bars">
${bars.map(
  ({ name, value, marked }) =>
    html`<div><dt>${name}${marked && html` <abbr title="planted">*</abbr>`}</dt><dd><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${marked ? 's1' : 's0'}" width="${((100 * value) / most).toFixed(1)}" height="10"/></svg><span class="n">${value.toFixed(digits)}</span></dd></div>
`,
)}</dl></figure>`;
}

import { findings } from '../answer.ts';
import type { ReportData } from '../data.ts';
import { html } from '../html.ts';
import { picture, type Section } from './section.ts';

/** What the study says, first. */
export function answerSection(data: ReportData): Section {
  const body = html`<dl class="answers">${findings(data).map(
    ({ question, answer, known }) =>
      html`<div class="${known ? 'known' : 'open'}"><dt>${question}</dt><dd>${answer}</dd></div>
`,
  )}</dl>
${data.answerPicture && picture(data.answerPicture)}`;
  return { id: 'answer', title: 'The answer', body };
}

import type { ReportData, Unit } from '../data.ts';
import { html } from '../html.ts';
import { absent, commandLine, type Section } from './section.ts';

/** What to know before one believes the numbers. */
export function limitsSection({ warnings }: ReportData): Section {
  const body =
    warnings.length === 0
      ? html`<p>Nothing was noticed.</p>`
      : html`<ul class="warnings">${warnings.map(
          ({
            level,
            text,
          }) => html`<li class="${level}"><strong>${level === 'warning' ? 'Warning' : 'Note'}:</strong> ${text}</li>
`,
        )}</ul>`;
  return { id: 'limits', title: 'Limits and warnings', body };
}

/** A paragraph for a paper. */
export function methodsSection({ methods }: ReportData): Section {
  const body =
    methods.length === 0
      ? absent('No step of the study has left its options yet.')
      : html`<p class="faint">Ready to paste.</p><blockquote id="methods-text">${methods.map((text) => html`<p>${text}</p>`)}</blockquote>`;
  return { id: 'methods', title: 'Methods', body };
}

/** What was run. */
export function commandsSection({ units, anonymous }: ReportData): Section {
  const line = ({ title, command, status }: Unit) =>
    html`<li><span class="faint">${title}${status !== 'done' && html` (${status})`}</span><br>${commandLine(command)}</li>
`;
  const body =
    units.length === 0
      ? absent('No command left a sidecar here.')
      : html`${anonymous && html`<p class="faint">Paths and names are left out (…).</p>`}<ol class="commands">${units.map(line)}</ol>`;
  return { id: 'commands', title: 'Commands', body };
}

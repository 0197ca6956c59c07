import type { ReportData, Unit } from '../data.ts';
import { html } from '../html.ts';
import { commandLine, type Section } from './section.ts';

/** Units that are missing or failed; null when all are done. */
export function progressSection({ units }: ReportData): Section | null {
  const open = units.filter(({ status }) => status !== 'done');
  if (open.length === 0) return null;
  const line = ({ title, id, status, error, command }: Unit) =>
    html`<li><strong>${status}</strong>: ${title} <span class="faint">(${id})</span>${error && html`<br><span class="faint">${error}</span>`}<br>${commandLine(command)}</li>
`;
  const body = html`<p class="banner">${units.length - open.length} of ${units.length} steps are done. What is below comes from these; the others are missing:</p>
<ul class="open">${open.map(line)}</ul>`;
  return { id: 'progress', title: 'Not finished', body };
}

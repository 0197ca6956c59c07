import { browser } from '../browser/index.ts';
import type { ReportData } from './data.ts';
import { html, raw } from './html.ts';
import { answerSection } from './sections/answer.ts';
import { demographicsSection, qualitySection, splitsSection } from './sections/cohorts.ts';
import { commandsSection, limitsSection, methodsSection } from './sections/end.ts';
import {
  checksSection,
  glassSection,
  mosaicSection,
  regionsSection,
  similaritySection,
} from './sections/masks.ts';
import { confusionSection, curvesSection, foldsSection } from './sections/networks.ts';
import { progressSection } from './sections/progress.ts';
import type { Section } from './sections/section.ts';
import { viewerSection } from './sections/viewer.ts';

/** By this one knows a file that a report may replace. */
export const generator = 'voxmask report';

/** The page may load nothing, from nowhere. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** The whole report as one HTML page that needs no other file and no network. */
export function renderReport(data: ReportData): string {
  const sections = [
    answerSection(data),
    progressSection(data),
    qualitySection(data),
    demographicsSection(data),
    splitsSection(data),
    curvesSection(data),
    confusionSection(data),
    foldsSection(data),
    mosaicSection(data),
    similaritySection(data),
    regionsSection(data),
    checksSection(data),
    glassSection(data),
    viewerSection(data),
    limitsSection(data),
    methodsSection(data),
    commandsSection(data),
  ].filter((section): section is Section => section !== null);
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${generator} ${data.version}">
<title>${data.title}</title>
<style>${raw(browser.style)}</style>
</head>
<body>
<a class="skip" href="#answer">To the answer</a>
<header><h1>${data.title}</h1><p class="faint">voxmask ${data.version}, ${data.madeAt.slice(0, 10)}. On which parts of the brain do these networks base their decision?</p></header>
<nav aria-label="Contents"><ol>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ol></nav>
<main>${sections.map(
    ({
      id,
      title,
      body,
    }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${body}</section>
`,
  )}</main>
<footer><p>Left is left in every picture (neurological display). In a mask m, 1 leaves a voxel as it is and 0 hides it; shown is 1 - m. For research on networks; not for diagnosis.</p></footer>
<script>${raw(browser.print)}${raw(browser.viewer)}</script>
</body>
</html>
`.text;
}

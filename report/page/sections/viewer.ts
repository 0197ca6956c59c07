import { gzipSync } from 'node:zlib';
import { heat } from '../../colour.ts';
import { spacing, views } from '../../views.ts';
import type { ReportData, ViewerVolume } from '../data.ts';
import { html, json } from '../html.ts';
import { absent, type Section } from './section.ts';

/** Three planes of a mask over the brain; the script in report/browser moves them. */
export function viewerSection({ viewer }: ReportData): Section {
  if (!viewer) return { id: 'viewer', title: 'Viewer', body: absent('There is no mask yet.') };
  const { grid, masks, backgrounds, regions } = viewer;
  const description = {
    shape: grid.shape,
    affine: grid.affine,
    spacing: spacing(grid),
    views: views.map(({ name, axis, letter, across, acrossReversed, down, ends }) => ({
      ...{ name, axis, letter, across, acrossReversed, down, ends },
    })),
    heat: Array.from({ length: 256 }, (_, i) => heat(i / 255)),
    backgrounds: backgrounds.map(packed),
    masks: masks.map(packed),
    regions: regions && { names: regions.names, data: base64(regions.bytes) },
  };
  const choice = (id: string, label: string, volumes: readonly ViewerVolume[]) =>
    html`<label>${label} <select id="${id}">${volumes.map(({ name }, i) => html`<option value="${i}">${name}</option>`)}</select></label>`;
  const slider = (id: string, label: string, value: number) =>
    html`<label>${label} <input type="range" id="${id}" min="0" max="100" value="${value}"><output id="${id}-value" for="${id}"></output></label>`;
  const body = html`<div id="viewer-box" class="viewer">
<div class="controls">${choice('viewer-mask', 'mask', masks)}${choice('viewer-background', 'over', backgrounds)}${slider('viewer-opacity', 'opacity', 80)}${slider('viewer-threshold', 'hide 1 - m below', 5)}<span class="scale">1 - m: 0 <canvas id="viewer-scale" width="256" height="1" aria-label="colours from 0, dark violet, to 1, light yellow" role="img"></canvas> 1</span></div>
<p id="viewer-readout" class="readout" role="status" aria-live="polite">The viewer needs a browser with JavaScript.</p>
<div class="planes">${views.map(
    ({ name, letter, ends, axis }) =>
      html`<div class="plane"><canvas class="slice" tabindex="0" data-view="${name}" role="img" aria-label="${name} slice; ${ends[0]} is left, ${ends[1]} is right. Arrow keys move the cursor, page up and page down the slice."></canvas><label>${name}, ${letter} <input type="range" data-axis="${axis}" min="0" max="${grid.shape[axis] - 1}" value="0"></label></div>
`,
  )}</div>
<p class="faint hint">Click or drag to move the cursor. In the plane that was clicked, scrolling moves through the slices, the arrow keys move the cursor, and page up and page down the slice. Left is left.</p>
</div>
<script type="application/json" id="viewer-data">${json(description)}</script>`;
  return { id: 'viewer', title: 'Viewer', body };
}

function packed({ name, bytes }: ViewerVolume) {
  return { name, data: base64(bytes) };
}

function base64(bytes: Uint8Array): string {
  return gzipSync(bytes).toString('base64');
}

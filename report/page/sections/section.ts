import type { Picture } from '../data.ts';
import { type Html, html } from '../html.ts';

/** A part of the report, listed in its contents. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** What stands where a section has nothing to show. */
export function absent(text: string): Html {
  return html`<p class="absent">${text}</p>`;
}

export function picture({ png, alt, caption, name }: Picture): Html {
  const data = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  const { width, height } = size(png);
  return html`<figure class="picture"><div class="scroll" tabindex="0" role="region" aria-label="${caption}"><img src="${data}" width="${width}" height="${height}" alt="${alt}" id="picture-${name}"></div><figcaption>${caption}</figcaption></figure>`;
}

/** Width and height from a PNG's header, so that the page does not jump while it is decoded. */
function size(png: Uint8Array): { width: number; height: number } {
  const view = new DataView(png.buffer, png.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** A command line that breaks between its words; only a word longer than the line is broken within. */
export function commandLine(command: string): Html {
  return html`<code>${command.split(' ').map((word, i) => html`${i > 0 && ' '}<span>${word}</span>`)}</code>`;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, json, raw } from '../../../report/page/html.ts';

describe('html', () => {
  it('replaces control characters and turns of direction', () => {
    expect(html`${'\u001b[31mred\u0000\u202etxt.exe\u009b\tnext\nline é 脳'}`.text).toBe(
      '\ufffd[31mred\ufffd\ufffdtxt.exe\ufffd\tnext\nline é 脳',
    );
  });

  it('escapes what is put in, in text and in attributes', () => {
    const name = `<img src=x onerror="alert(1)"> & 'more'`;
    expect(html`<p title="${name}">${name}</p>`.text).toBe(
      '<p title="&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &#39;more&#39;">' +
        '&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &#39;more&#39;</p>',
    );
  });

  it('takes its own markup as it is, lists one behind the other, and nothing for nothing', () => {
    const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>${null}${undefined}${false}${0}${raw('<hr>')}`.text).toBe(
      '<ul><li>a</li><li>&lt;b&gt;</li></ul>0<hr>',
    );
  });

  it('lets no text open an element', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", ';', 'a', ' ') }), (text) => {
        expect(html`${text}`.text).not.toMatch(/[<>"']/);
      }),
      { seed: 1 },
    );
  });
});

it('lets no text end a script element, and is read back the same', () => {
  const value = { a: '</script><!--', b: ['\u2028', '&lt;'] };
  const { text } = json(value);
  expect(text).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(text)).toEqual(value);
});

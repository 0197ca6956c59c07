import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../../report/page/document.ts';
import { noBrowser, openBrowser } from './browser.ts';
import { full } from './full.ts';

describe.skipIf(noBrowser)('the report in Chromium', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-browser-'));
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    const file = path.join(folder, 'report.html');
    writeFileSync(file, renderReport(full));
    url = pathToFileURL(file).href;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens the page, with all that it says and asks for on the way. */
  async function opened(
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; said: string[]; asked: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, ...options });
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(url);
    await page.waitForSelector('#viewer-box.ready', { timeout: 30_000 });
    return { page, said, asked: asked.filter((address) => !address.startsWith('data:')) };
  }

  const readout = (page: Page) => page.locator('#viewer-readout').textContent();
  const pixels = (page: Page) =>
    page
      .locator('canvas.slice')
      .evaluateAll((all) => all.map((canvas) => (canvas as never as { toDataURL(): string }).toDataURL()));

  it.each(['light', 'dark'] as const)(
    'says nothing, asks for nothing else, and shows all pictures (%s)',
    async (colorScheme) => {
      const { page, said, asked } = await opened({ colorScheme });
      expect(said).toEqual([]);
      expect(asked).toEqual([url]);
      const broken = await page
        .locator('img')
        .evaluateAll(
          (all) =>
            all.filter((image) => (image as never as { naturalWidth: number }).naturalWidth === 0).length,
        );
      expect(broken).toBe(0);
      const colours = await page.evaluate(
        '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
      );
      expect(colours).toEqual(
        colorScheme === 'light'
          ? ['rgb(255, 255, 255)', 'rgb(32, 36, 42)']
          : ['rgb(20, 22, 26)', 'rgb(232, 234, 238)'],
      );
      await page.close();
    },
  );

  it('fits a phone of 360 pixels', async () => {
    const { page } = await opened({ viewport: { width: 360, height: 740 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.close();
  });

  it('moves by keys, clicks and the wheel, and names the region under the cursor', async () => {
    const { page } = await opened();
    const start = await readout(page);
    // it starts where the mask hides most gray matter
    expect(start).toMatch(/^Left · 1 - m 0\.80 · x -\d/);
    const coronal = page.locator('canvas[data-view="coronal"]');
    await coronal.focus();
    const x = async () => Number(/x (-?[\d.]+)/.exec((await readout(page)) ?? '')?.[1]);
    const y = async () => Number(/y (-?[\d.]+)/.exec((await readout(page)) ?? '')?.[1]);
    const [x0, y0] = [await x(), await y()];
    await page.keyboard.press('ArrowLeft'); // to the subject's left: x falls by a voxel
    expect(await x()).toBe(x0 - 6);
    await page.keyboard.press('PageUp'); // forwards
    expect(await y()).toBe(y0 + 6);
    await page.mouse.move(0, 0);
    const box = (await coronal.boundingBox())!;
    await coronal.click({ position: { x: 0.75 * box.width, y: 0.5 * box.height } });
    expect(await x()).toBeGreaterThan(20); // the right half of the picture is the subject's right
    const before = await y();
    await page.mouse.wheel(0, 100);
    await expect.poll(y).toBe(before - 6);
    await page.close();
  });

  it('redraws by threshold, opacity and mask', async () => {
    const { page } = await opened();
    const shown = [await pixels(page)];
    for (const [id, value] of [
      ['viewer-threshold', '95'],
      ['viewer-threshold', '0'],
      ['viewer-opacity', '0'],
    ] as const) {
      await page.locator(`#${id}`).fill(value);
      shown.push(await pixels(page));
    }
    // fully transparent is as above the highest value; both differ from the mask as it is
    expect(shown[1]).toEqual(shown[3]);
    expect(shown[0]).not.toEqual(shown[1]);
    expect(shown[2]).not.toEqual(shown[3]);
    await page.locator('#viewer-opacity').fill('80');
    const first = await pixels(page);
    await page.locator('#viewer-mask').selectOption({ label: 'fold 1' });
    await expect.poll(() => pixels(page)).not.toEqual(first);
    await page.close();
  });

  it('opens what is folded for printing', async () => {
    const { page } = await opened();
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.locator('details:not([open])').count()).toBe(0);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.locator('details[open]').count()).toBe(0);
    await page.close();
  });
});

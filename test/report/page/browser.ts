import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

/** A Chromium of the system; what is searched for can be told by the environment variable `VOXMASK_CHROMIUM`. */
const places = [
  process.env.VOXMASK_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
export const executable = places.find((place) => place !== undefined && existsSync(place));

/** Tests with a browser are skipped, visibly, where none is found. */
export const noBrowser = executable === undefined;

const switches = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Starts it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executable!, args: switches });
}

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { swiftshaderArchive, useSwiftshader } from '../../../engine/node/swiftshader.ts';

const cache = realpathSync(mkdtempSync(path.join(tmpdir(), 'voxmask-swiftshader-')));
const archive = swiftshaderArchive();
afterAll(() => rmSync(cache, { recursive: true }));

it.skipIf(archive === null)('keeps the libraries of the installed release, whose digests are known', () => {
  process.env.XDG_CACHE_HOME = cache;
  useSwiftshader(archive!);
  expect(path.relative(cache, process.env.VK_DRIVER_FILES!)).toMatch(
    /^voxmask.swiftshader-[\d.]+.vk_swiftshader_icd\.json$/,
  );
});

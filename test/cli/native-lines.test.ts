import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

const built = path.resolve('dist/cli/main.js');
const cache = mkdtempSync(path.join(tmpdir(), 'voxmask-native-'));
afterAll(() => rmSync(cache, { recursive: true }));

// Drivers that are installed by themselves have little to say; told to use one that is not there, the Vulkan loader complains.
it.skipIf(!existsSync(built) || process.platform === 'win32').each([
  ['as the machine is', {}],
  [
    'with a broken driver beside',
    { VK_ADD_DRIVER_FILES: '/nonexistent/icd.json', VK_LOADER_DEBUG: 'error,warn' },
  ],
])('a command that opens the GPU prints no foreign line, %s', (_, variables) => {
  const env = { ...process.env, XDG_CACHE_HOME: cache, ...variables };
  const printed = execFileSync('sh', ['-c', '"$0" "$1" tune --reset 2>&1', process.execPath, built], {
    encoding: 'utf8',
    env,
  });
  expect(printed).toMatch(
    /^(Using a software adapter \(\S+\): slow; "voxmask doctor" says why\.\n)?There was no tuning\.\n$/,
  );
});

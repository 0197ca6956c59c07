import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { swiftshaderArchive, useSwiftshader } from '../../../engine/node/swiftshader.ts';

const built = path.resolve('dist/engine/node/open.js');
const drivers = '/usr/share/vulkan/icd.d';
const lavapipe = existsSync(drivers)
  ? readdirSync(drivers).find((file) => /^lvp_icd.*\.json$/.test(file))
  : undefined;
const archive = swiftshaderArchive();
const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-adapters-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Opens an adapter in a process of its own: its name or the error, and whatever else came to its streams. */
function open(choice: string, manifests: readonly string[]): string {
  const program = `
    const { openGpu } = await import(${JSON.stringify(built)});
    try {
      const { gpu, report } = await openGpu(${JSON.stringify(choice)});
      console.log(report.name);
      gpu.close();
    } catch (error) {
      console.log(error.message);
    }`;
  return execFileSync('sh', ['-c', '"$0" --input-type=module -e "$1" 2>&1', process.execPath, program], {
    encoding: 'utf8',
    env: { ...process.env, VK_DRIVER_FILES: manifests.join(':'), VK_ICD_FILENAMES: manifests.join(':') },
  }).trim();
}

describe.skipIf(!existsSync(built) || !lavapipe || !archive)('two software adapters', () => {
  const own = path.join(drivers, lavapipe ?? '');

  function swiftshader(): string {
    useSwiftshader(archive!);
    return process.env.VK_DRIVER_FILES!;
  }

  it('are chosen by index, name and UUID, and nothing foreign is printed', () => {
    const both = [own, swiftshader()];
    const [first, second] = [open('0', both), open('1', both)];
    expect(new Set([first, second].map((name) => name.split('-')[0]))).toEqual(
      new Set(['llvmpipe', 'swiftshader']),
    );
    expect(open('LLVMPIPE', both)).toMatch(/^llvmpipe-[\w-]+$/);
    expect(open('GPU-53776966', both)).toMatch(/^swiftshader-[\w-]+$/); // "Swif"
    expect(open('2', both)).toMatch(
      /^No adapter "2" was found\. There are: 0 \(.*\), 1 \(.*\)\. "voxmask doctor" shows/,
    );
  });

  it('of one name are refused by it, and by index where nothing tells them apart', () => {
    const copy = path.join(folder, 'second_icd.json');
    copyFileSync(own, copy);
    expect(open('llvmpipe', [own, copy])).toMatch(
      /^"llvmpipe" fits 2 adapters: 0 \(.*\), 1 \(.*\)\. Choose one/,
    );
    expect(open('1', [own, copy])).toMatch(/^Several adapters are called ".*number 1 from the others/);
    expect(open('auto', [own, copy])).toMatch(/^llvmpipe-[\w-]+$/);
  });

  it('print nothing foreign where Vulkan has no driver', () => {
    expect(open('auto', [path.join(folder, 'none.json')])).toMatch(/^swiftshader-[\w-]+$/);
    expect(open('software', [path.join(folder, 'none.json')])).toMatch(
      /^No adapter "software" was found\..*$/,
    );
  });
});

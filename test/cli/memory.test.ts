import { afterEach, expect, it } from 'vitest';
import { MEMORY_VARIABLE, parseSize } from '../../cli/memory.ts';
import { main } from '../../cli/run.ts';
import { imageMemory, limitImages } from '../../model/image-memory.ts';
import { collectPrinted, printed } from './printed.ts';

collectPrinted();
afterEach(() => {
  delete process.env[MEMORY_VARIABLE];
  limitImages(undefined);
});

it('sizes are in powers of 1000, or of 1024', () => {
  const sizes = {
    '2GB': 2e9,
    '512MB': 512e6,
    '1.5 GiB': 1.5 * 2 ** 30,
    '800kB': 8e5,
    '.5tib': 2 ** 39,
    '7B': 7,
  };
  for (const [text, bytes] of Object.entries(sizes)) expect(parseSize(text, 'memory')).toBe(bytes);
});

it.each(['2', '0GB', '-1GB', 'much', '2 apples', '1e3MB', 'GB', '0.1B'])('%j is not a size', async (text) => {
  expect(() => parseSize(text, 'memory')).toThrow(/--memory takes a size with its unit, as 2GB or 512MB/);
  expect(await main(['predict', 'none.nii', '--model', 'none', `--memory=${text}`])).toBe(2);
  expect(printed.err).toMatch(/--memory takes a size with its unit/);
});

it('limits the images of the process, and of the processes that it starts', async () => {
  const before = imageMemory.limit;
  expect(await main(['predict', 'none.nii', '--model', 'none', '--memory', '3MB'])).toBe(1); // no such model
  expect(imageMemory.limit).toBe(3e6);
  expect(process.env[MEMORY_VARIABLE]).toBe('3000000B');
  await main(['evaluate', 'none.tsv', '--model', 'none', '--out', 'none']);
  expect(imageMemory.limit).toBe(3e6);
  delete process.env[MEMORY_VARIABLE];
  await main(['evaluate', 'none.tsv', '--model', 'none', '--out', 'none']);
  expect(imageMemory.limit).toBe(before);
});

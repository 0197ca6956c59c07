import { expect, it } from 'vitest';
import { gaussianNoise } from '../../../engine/ops/gaussian-noise.ts';
import { seedWords } from '../../../engine/random.ts';
import { philox4x32 } from '../../reference/philox.ts';
import { expectClose, randomArray, upload } from '../compare.ts';
import { testGpu } from '../gpu.ts';

it('noise is that of Box and Muller from the words of Philox4x32-10, and standard normal', async () => {
  const gpu = await testGpu();
  const size = 4001; // no multiple of four
  const x = randomArray([size], 3);
  const held = upload(gpu, x, 'x');
  const draw = { seed: 2 ** 40 + 5, draw: 7, part: 3 };
  const noisy = gaussianNoise(gpu, held, 0.5, draw);
  const values = await gpu.read(noisy);
  const expected = Array.from(x.data, (value, i) => {
    const words = philox4x32([i >> 2, draw.draw, draw.part, 10], seedWords(draw.seed));
    const [a, b] = i % 4 < 2 ? [words[0], words[1]] : [words[2], words[3]];
    const radius = Math.sqrt(-2 * Math.log(((a >>> 8) + 1) / 2 ** 24));
    const angle = (2 * Math.PI * (b >>> 8)) / 2 ** 24;
    return value + 0.5 * radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
  expectClose(values, expected, 1e-5, 'noisy');
  const noise = Array.from(values, (value, i) => (value - x.data[i]) / 0.5);
  const mean = noise.reduce((sum, value) => sum + value, 0) / size;
  const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(size));
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / size));
  held.release();
  noisy.release();
});

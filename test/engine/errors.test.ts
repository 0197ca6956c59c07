import { expect, it } from 'vitest';
import { GpuError } from '../../engine/errors.ts';
import type { Gpu } from '../../engine/gpu.ts';
import { openGpu } from '../../engine/node/open.ts';
import { conv3d } from '../../engine/ops/conv3d.ts';
import { Tape } from '../../engine/tape.ts';
import { testGpu } from './gpu.ts';

/** A device of its own, for tests that break it. */
async function breakable(): Promise<Gpu> {
  return (await openGpu()).gpu;
}

it('a tensor beyond the device is refused before anything is allocated', async () => {
  const gpu = await testGpu();
  const before = gpu.memory();
  expect(() => gpu.empty([1 << 16, 1 << 16], 'giant')).toThrow(
    /tensor "giant" of shape \[65536, 65536\] needs 16\.0 GiB.*at most.*smaller batch/,
  );
  expect(gpu.memory()).toEqual(before);
});

it('bindings are checked by name, type and size', async () => {
  const gpu = await testGpu();
  const [a, b, y, u] = [
    gpu.full([8], 1, 'a'),
    gpu.full([4], 1, 'b'),
    gpu.full([8], 0, 'y'),
    gpu.tensor([8], new Uint32Array(8), 'u'),
  ];
  const run =
    (
      bindings: Record<string, typeof a>,
      params: Record<string, number>,
      grid: [number, number, number] = [1, 1, 1],
    ) =>
    () =>
      gpu.run('scaled_sum', { bindings, params, grid });
  const params = { size: 8, alpha: 1, beta: 1 };
  expect(run({ a, y }, params)).toThrow('Kernel scaled_sum lacks its binding "b"');
  expect(run({ a, b: a, y, z: a }, params)).toThrow('Kernel scaled_sum has no binding "z"');
  expect(run({ a, b, y }, params)).toThrow(/scaled_sum: "b" needs 32 bytes, but tensor "b" \[4\] has 16/);
  expect(run({ a, b: u, y }, params)).toThrow(/"b" takes f32, but tensor "u" is u32/);
  expect(run({ a, b: y, y }, params)).toThrow(/"y" is written and shares its memory with "b"/);
  expect(run({ a, b: a, y }, { size: 8, alpha: 1 })).toThrow('lacks its parameter "beta"');
  expect(run({ a, b: a, y }, { ...params, gamma: 1 })).toThrow('has no parameter "gamma"');
  expect(run({ a, b: a, y }, { ...params, alpha: Number.NaN })).toThrow('parameter "alpha" is NaN');
  expect(run({ a, b: a, y }, { ...params, size: -1 })).toThrow('no 32-bit unsigned integer');
  expect(run({ a, b: a, y }, params, [70_000, 1, 1])).toThrow(/scaled_sum: a grid of \[70000,1,1\]/);
  expect(() =>
    gpu.run('scale', {
      bindings: { x: a, y },
      params: { size: 8, factor: 1 },
      grid: [1, 1, 1],
      constants: { NOPE: 1 },
    }),
  ).toThrow('Kernel scale has no constant NOPE');
  for (const tensor of [a, b, y, u]) tensor.release();
});

it('what the GPU refuses is thrown at the next synchronisation, and ever after', async () => {
  const gpu = await breakable();
  const invalid = gpu.device.createBuffer({ size: 16, usage: 0x20 }); // a kind that cannot be a copy's target
  const encoder = gpu.device.createCommandEncoder({ label: 'broken' });
  encoder.clearBuffer(invalid, 0, 16);
  gpu.device.queue.submit([encoder.finish()]);
  await expect(gpu.synchronize()).rejects.toThrow(/The GPU refused a command/);
  const tensor = gpu.full([4], 1, 't');
  await expect(gpu.read(tensor)).rejects.toThrow(GpuError);
  gpu.close();
});

it('a lost device is thrown, not turned into numbers', async () => {
  const gpu = await breakable();
  const tensor = gpu.full([4], 1, 't');
  await gpu.synchronize();
  gpu.close();
  await gpu.device.lost;
  await expect(gpu.read(tensor)).rejects.toThrow(/device/i);
});

it('shapes that do not fit an operation are refused with their names', async () => {
  const gpu = await testGpu();
  const [x, w, b] = [
    gpu.full([1, 2, 3, 3, 3], 1, 'x'),
    gpu.full([4, 3, 3, 3, 3], 1, 'conv0'),
    gpu.full([4], 0, 'b'),
  ];
  expect(() => conv3d(new Tape(gpu), x, w, b, 1)).toThrow(
    /"conv0" \[4,3,3,3,3\] does not fit its input \[1,2,3,3,3\]/,
  );
  expect(() => new Tape(gpu).backward(x)).toThrow(/Only a scalar/);
  for (const tensor of [x, w, b]) tensor.release();
});

it('an adapter that is not there is said so, with what to do', async () => {
  await expect(openGpu('no-such-adapter')).rejects.toThrow(
    /No adapter "no-such-adapter" was found.*voxmask doctor/s,
  );
});

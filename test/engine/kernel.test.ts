import { expect, it } from 'vitest';
import { readKernel } from '../../engine/kernel.ts';
import { KernelLibrary } from '../../engine/library.ts';
import { parseSize } from '../../engine/size-expression.ts';
import { type KernelName, kernels } from '../../kernels/index.ts';
import { testGpu } from './gpu.ts';

it("every kernel opens with its contract, states its bindings' lengths and stays within what any WebGPU device offers", () => {
  for (const [name, source] of Object.entries(kernels)) {
    expect(source, name).toMatch(/^\/\/ /);
    expect(source, name).toMatch(/^\/\/ grid: /m);
    const kernel = readKernel(name, source, {});
    expect(kernel.bindings.length, name).toBeLessThanOrEqual(8);
    expect(
      kernel.workgroupSize.reduce((a, b) => a * b),
      name,
    ).toBeLessThanOrEqual(256);
  }
});

it('every kernel compiles, in the background', async () => {
  const { device } = await testGpu();
  const library = new KernelLibrary(device);
  const needsSubgroups = (name: KernelName) =>
    readKernel(name, kernels[name], {}).code.includes('enable subgroups');
  const names = (Object.keys(kernels) as KernelName[]).filter(
    (name) => device.features.has('subgroups') || !needsSubgroups(name),
  );
  await Promise.all(names.map((name) => library.get(name).compilation));
  for (const name of names) expect(library.get(name).pipeline, name).not.toBeNull();
  expect(library.get('fill')).toBe(library.get('fill'));
});

it('constants replace their declarations and keep every line where it was', () => {
  const kernel = readKernel('scale', kernels.scale, { SPREAD: 1 });
  expect(kernel.code).toContain('const SPREAD: u32 = 1u;');
  expect(kernel.code.split('\n').length).toBe(kernels.scale.split('\n').length);
  expect(kernel.constants).toEqual({ SPREAD: 1 });
});

it('a binding without its length is refused', () => {
  const source = kernels.fill.replace(/ \/\/ \[\(size.*/, '');
  expect(() => readKernel('fill', source, {})).toThrow('Kernel fill: binding y does not state its length');
});

it('sizes are read with the usual precedence, dividing down', () => {
  expect(parseSize('n * ((d + 1) / 2) - 1')({ n: 3, d: 4 })).toBe(5);
  expect(parseSize('(co + 7) / 8 * ci')({ co: 9, ci: 5 })).toBe(10);
  expect(() => parseSize('n *')).toThrow('cannot read size');
  expect(() => parseSize('(n')).toThrow('missing )');
  expect(() => parseSize('n + k')({ n: 1 })).toThrow('unknown name k');
});

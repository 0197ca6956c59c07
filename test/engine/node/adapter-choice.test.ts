import { describe, expect, it } from 'vitest';
import {
  adaptersInError,
  chooseAdapter,
  describeAdapters,
  isolatingEnvironment,
  type ListedAdapter,
  listedAdapters,
} from '../../../engine/node/adapter-choice.ts';
import type { VulkanDevice } from '../../../engine/node/vulkan-devices.ts';

const h200: VulkanDevice = {
  name: 'NVIDIA H200',
  vendorId: 0x10de,
  deviceId: 0x2335,
  uuid: '6f1d2b3c-0a1b-2c3d-4e5f-60718293a4b5',
  pci: '0000:19:00.0',
  driver: 'NVIDIA: 580.65',
};
const twin: VulkanDevice = { ...h200, uuid: '6f99aaaa-0a1b-2c3d-4e5f-60718293a4b5', pci: '0000:3b:00.0' };
const a100: VulkanDevice = {
  ...h200,
  name: 'NVIDIA A100',
  deviceId: 0x20b0,
  uuid: 'a1',
  pci: '0000:40:00.0',
};
const large: VulkanDevice = { ...a100, name: 'NVIDIA A100 80GB', deviceId: 0x20b5, uuid: 'a2' };
const lavapipe: VulkanDevice = {
  name: 'llvmpipe (LLVM 15.0.6, 256 bits)',
  vendorId: 0x10005,
  deviceId: 0,
  uuid: '6d657361-3235-2e30-2e37-2d327e627000',
  pci: null,
  driver: 'llvmpipe: Mesa 25.0.7',
};

/** The list of a machine with these devices, which Dawn finds in this order. */
function machine(devices: readonly VulkanDevice[], bundled: string | null = null): ListedAdapter[] {
  return listedAdapters(
    devices.map(({ name }) => ({ backend: 'vulkan', name })),
    devices,
    bundled,
  );
}

describe('the list', () => {
  it("is read from Dawn's error", () => {
    const said =
      "no suitable backends found\nAvailable adapters:\n * backend: 'vulkan', name: 'NVIDIA H200'\n * backend: 'vulkan', name: 'llvmpipe (LLVM 15.0.6, 256 bits)'";
    expect(adaptersInError(said)).toEqual([
      { backend: 'vulkan', name: 'NVIDIA H200' },
      { backend: 'vulkan', name: 'llvmpipe (LLVM 15.0.6, 256 bits)' },
    ]);
    expect(adaptersInError('')).toEqual([]);
  });

  it('gives devices of one name their own UUID and PCI address, whatever else Vulkan lists', () => {
    const dawn = [h200, h200].map(({ name }) => ({ backend: 'vulkan', name }));
    const list = listedAdapters(dawn, [lavapipe, h200, twin], null);
    expect(list.map(({ index, uuid, pci }) => [index, uuid, pci])).toEqual([
      [0, h200.uuid, h200.pci],
      [1, twin.uuid, twin.pci],
    ]);
  });

  it('has names alone where Vulkan is not used', () => {
    const [metal] = listedAdapters([{ backend: 'metal', name: 'Apple M1 Max' }], [], null);
    expect(metal).toMatchObject({ index: 0, backend: 'metal', uuid: null, pci: null, model: null });
  });

  it("ends with the package's SwiftShader, unless the system has one", () => {
    const swiftshader = { ...lavapipe, name: 'SwiftShader Device (Subzero)' };
    expect(machine([h200], swiftshader.name).map(({ bundled }) => bundled)).toEqual([false, true]);
    expect(machine([swiftshader], swiftshader.name)).toHaveLength(1);
  });
});

describe('chooseAdapter', () => {
  const list = machine([h200, twin, lavapipe], 'SwiftShader Device (Subzero)');
  const index = (choice: string, of = list) => chooseAdapter(choice, of)?.index ?? null;

  it.each([
    ['an index', '1', 1],
    ['an index beyond the list', '4', null],
    ['a UUID', twin.uuid!, 1],
    ['a UUID as nvidia-smi prints it', `GPU-${h200.uuid}`, 0],
    ['the beginning of one', 'GPU-6f9', 1],
    ['a PCI address', '0000:3b:00.0', 1],
    ['a PCI address without its domain', '19:00.0', 0],
    ['a PCI address as nvidia-smi prints it', '00000000:3B:00.0', 1],
    ['a PCI address that nothing has', '0000:99:00.0', null],
    ['part of a name, in any case', 'LLVMpipe', 2],
    ['a name as sidecars have it', 'llvmpipe-llvm-15-0-6-256-bits-', 2],
    ["the package's adapter", 'swiftshader device', 3],
    ['a name that nothing has', 'Radeon', null],
    ['punctuation', '()', null],
  ])('knows %s', (_, choice, expected) => {
    expect(index(choice)).toBe(expected);
  });

  it('refuses a name of two, and says how to choose', () => {
    expect(() => index('nvidia')).toThrow(
      '"nvidia" fits 2 adapters: 0 (NVIDIA H200, 0000:19:00.0), 1 (NVIDIA H200, 0000:3b:00.0). Choose one by its index, UUID or PCI address.',
    );
    expect(() => index('GPU-6f')).toThrow('fits 2 adapters');
    const unknown = listedAdapters(
      ['A', 'AB'].map((name) => ({ backend: 'd3d12', name })),
      [],
      null,
    );
    expect(() => index('a', [...unknown, ...unknown])).toThrow('by its index.');
  });

  it('takes a whole name before one that contains it', () => {
    expect(index('NVIDIA A100', machine([large, a100]))).toBe(1);
  });

  it('describes places only where names are not enough', () => {
    expect(describeAdapters(machine([h200, lavapipe]))).toBe(
      '0 (NVIDIA H200), 1 (llvmpipe (LLVM 15.0.6, 256 bits))',
    );
  });
});

describe('isolatingEnvironment', () => {
  const apart = (at: number, devices: readonly VulkanDevice[]) => {
    const list = machine(devices);
    return isolatingEnvironment(list[at], list);
  };

  it('is empty where the name is enough', () => {
    expect(apart(0, [h200, lavapipe])).toEqual({});
    expect(apart(0, [large, a100])).toEqual({});
  });

  it('tells models apart where one name contains the other', () => {
    expect(apart(1, [large, a100])).toMatchObject({
      MESA_VK_DEVICE_SELECT: '10de:20b0',
      DRI_PRIME: undefined,
    });
  });

  it('tells twins apart by their places', () => {
    expect(apart(1, [h200, twin])).toEqual({
      MESA_VK_DEVICE_SELECT_FORCE_DEFAULT_DEVICE: '1',
      MESA_VK_DEVICE_SELECT: undefined,
      DRI_PRIME: 'pci-0000_3b_00_0',
    });
  });

  it('is null where nothing does', () => {
    expect(apart(0, [lavapipe, lavapipe])).toBeNull();
  });
});

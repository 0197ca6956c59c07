import { createRequire } from 'node:module';
import { withoutNativeOutput } from './native-output.ts';

/** One device of Vulkan: what tells it from others of its name. */
export interface VulkanDevice {
  readonly name: string;
  readonly vendorId: number;
  readonly deviceId: number;
  /** 8-4-4-4-12 hexadecimal digits, as `nvidia-smi -L` prints them behind "GPU-" */
  readonly uuid: string | null;
  /** PCI address, as 0000:3b:00.0; null for software and where the driver does not say */
  readonly pci: string | null;
  /** the driver's name and version; null where it says neither */
  readonly driver: string | null;
}

// sType of the structures that are passed, from vulkan_core.h
const APPLICATION_INFO = 0;
const INSTANCE_CREATE_INFO = 1;
const PROPERTIES_2 = 1000059001;
const ID_PROPERTIES = 1000071004;
const PCI_BUS_INFO = 1000212000;
const DRIVER_PROPERTIES = 1000196000;
const VERSION_1_1 = (1 << 22) | (1 << 12);
const UNTOUCHED = 0xffffffff; // a structure that the driver does not know is left as it was

/**
 * The devices that the Vulkan loader shows to this process, under the environment as it is now.
 *
 * @returns an empty list where there is no loader, no driver, or no library to call them (package koffi)
 */
export function vulkanDevices(): VulkanDevice[] {
  if (process.platform !== 'linux') return [];
  try {
    return withoutNativeOutput(enumerate);
  } catch {
    return []; // no loader
  }
}

/** Calls Vulkan. Structures are laid out by hand, as any 64-bit C compiler does. */
function enumerate(): VulkanDevice[] {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const vulkan = koffi.load('libvulkan.so.1');
  const createInstance = vulkan.func('int vkCreateInstance(void *, void *, void *)');
  const destroyInstance = vulkan.func('void vkDestroyInstance(uint64_t, void *)');
  const listDevices = vulkan.func('int vkEnumeratePhysicalDevices(uint64_t, void *, void *)');
  const propertiesOf = vulkan.func('void vkGetPhysicalDeviceProperties2(uint64_t, void *)');

  const application = structure(APPLICATION_INFO, 48);
  application.writeUInt32LE(VERSION_1_1, 44);
  const info = structure(INSTANCE_CREATE_INFO, 64);
  info.writeBigUInt64LE(koffi.address(application), 24);
  const instance = new BigUint64Array(1);
  if (createInstance(info, null, instance) !== 0) return [];
  try {
    const count = new Uint32Array(1);
    if (listDevices(instance[0], count, null) !== 0) return [];
    const devices = new BigUint64Array(count[0]);
    if (listDevices(instance[0], count, devices) !== 0) return [];
    return [...devices.subarray(0, count[0])].map((device) => {
      const bus = structure(PCI_BUS_INFO, 32);
      bus.fill(0xff, 16);
      const driver = structure(DRIVER_PROPERTIES, 536);
      driver.writeBigUInt64LE(koffi.address(bus), 8);
      const id = structure(ID_PROPERTIES, 64);
      id.writeBigUInt64LE(koffi.address(driver), 8);
      const properties = structure(PROPERTIES_2, 1024);
      properties.writeBigUInt64LE(koffi.address(id), 8);
      propertiesOf(device, properties);
      return described(properties.subarray(16), id.subarray(16, 32), bus.subarray(16), driver.subarray(20));
    });
  } finally {
    destroyInstance(instance[0], null);
  }
}

/** A zeroed structure that begins with its type, as all that can be chained do. */
function structure(type: number, bytes: number): Buffer {
  const memory = Buffer.alloc(bytes);
  memory.writeUInt32LE(type, 0);
  return memory;
}

function described(properties: Buffer, id: Buffer, bus: Buffer, driver: Buffer): VulkanDevice {
  const digits = id.toString('hex');
  const [domain, board, slot, part] = [0, 4, 8, 12].map((at) => bus.readUInt32LE(at));
  const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
  // lavapipe, which has no place on a bus, says 0 everywhere
  const onBus = domain !== UNTOUCHED && [domain, board, slot, part].some((number) => number > 0);
  return {
    name: text(properties, 20),
    vendorId: properties.readUInt32LE(8),
    deviceId: properties.readUInt32LE(12),
    uuid: /^0*$/.test(digits) ? null : digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    pci: onBus ? `${hex(domain, 4)}:${hex(board, 2)}:${hex(slot, 2)}.${hex(part, 1)}` : null,
    driver: [text(driver, 0), text(driver, 256)].filter((part) => part !== '').join(': ') || null,
  };
}

/** A name of up to 256 bytes with a zero behind. */
function text(memory: Buffer, at: number): string {
  return memory.toString('utf8', at, at + 256).replace(/\0.*$/s, '');
}

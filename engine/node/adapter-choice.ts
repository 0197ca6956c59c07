import { GpuError } from '../errors.ts';
import type { VulkanDevice } from './vulkan-devices.ts';

/** An adapter as "voxmask doctor" lists it. */
export interface ListedAdapter {
  readonly index: number;
  readonly name: string;
  /** as vulkan, metal, d3d12 */
  readonly backend: string;
  readonly driver: string | null;
  readonly uuid: string | null;
  /** PCI address */
  readonly pci: string | null;
  /** vendor and device in hexadecimal, as 10de:2335 */
  readonly model: string | null;
  /** SwiftShader from its npm package, which the system does not know */
  readonly bundled: boolean;
}

/** The adapters in the text of Dawn's error when it is asked for a name that no adapter has. */
export function adaptersInError(message: string): { backend: string; name: string }[] {
  return [...message.matchAll(/^ \* backend: '(.*?)', name: '(.*)'$/gm)].map(([, backend, name]) => ({
    backend,
    name,
  }));
}

/**
 * Dawn's adapters with what Vulkan knows of them. Dawn tells them by name alone; both list devices of one name in
 * the same order.
 *
 * @param bundled name of the SwiftShader that comes with an npm package; null where there is none
 */
export function listedAdapters(
  dawn: readonly { readonly backend: string; readonly name: string }[],
  vulkan: readonly VulkanDevice[],
  bundled: string | null,
): ListedAdapter[] {
  const left = [...vulkan];
  const listed = dawn.map(({ backend, name }, index): ListedAdapter => {
    const at = backend === 'vulkan' ? left.findIndex((device) => device.name === name) : -1;
    const [device] = at < 0 ? [] : left.splice(at, 1);
    const { driver = null, uuid = null, pci = null } = device ?? {};
    const model = device ? `${device.vendorId.toString(16)}:${device.deviceId.toString(16)}` : null;
    return { index, name, backend, driver, uuid, pci, model, bundled: false };
  });
  // SwiftShader as a driver of the system is the same thing
  if (bundled === null || listed.some(({ name }) => name.includes('SwiftShader'))) return listed;
  const none = { driver: null, uuid: null, pci: null, model: null };
  return [...listed, { index: listed.length, name: bundled, backend: 'vulkan', ...none, bundled: true }];
}

/**
 * The one adapter that is meant.
 *
 * @param choice its index, UUID (as "GPU-6f1d..." of nvidia-smi, or its beginning), PCI address, or part of its name
 * @returns null when none fits
 * @throws GpuError when several fit, with their indices
 */
export function chooseAdapter(choice: string, adapters: readonly ListedAdapter[]): ListedAdapter | null {
  if (/^\d{1,3}$/.test(choice)) return adapters[Number(choice)] ?? null;
  const fitting = fit(choice, adapters);
  if (fitting.length <= 1) return fitting[0] ?? null;
  const ways = fitting.some(({ uuid, pci }) => uuid !== null || pci !== null)
    ? 'its index, UUID or PCI address'
    : 'its index';
  throw new GpuError(
    `"${choice}" fits ${fitting.length} adapters: ${describeAdapters(fitting)}. Choose one by ${ways}.`,
  );
}

function fit(choice: string, adapters: readonly ListedAdapter[]): readonly ListedAdapter[] {
  if (/^([0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i.test(choice)) {
    const place = pciAddress(choice);
    return adapters.filter(({ pci }) => pci === place);
  }
  const [, prefix, digits] = /^(gpu-)?([0-9a-f][0-9a-f-]*)$/i.exec(choice) ?? [];
  if (digits !== undefined && (prefix !== undefined || /^[0-9a-f]{8}(-|$)/i.test(digits))) {
    const found = adapters.filter(({ uuid }) => uuid?.startsWith(digits.toLowerCase()));
    if (found.length > 0) return found;
  }
  const wanted = plain(choice);
  if (wanted === '') return [];
  const exact = adapters.filter(({ name }) => plain(name) === wanted);
  return exact.length > 0 ? exact : adapters.filter(({ name }) => plain(name).includes(wanted));
}

/** Of 3b:00.0, 0000:3B:00.0 and 00000000:3B:00.0 the one form 0000:3b:00.0. */
function pciAddress(text: string): string {
  const parts = text.toLowerCase().split(':');
  return [parts.length === 3 ? parts[0].slice(-4) : '0000', ...parts.slice(-2)].join(':');
}

/** A name in lower case with dashes for all but letters and digits: WebGPU writes names so, and sidecars have them. */
export function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** "0 (NVIDIA H200, 0000:19:00.0), 1 (NVIDIA H200, 0000:3b:00.0), 2 (llvmpipe)": places where names are not enough. */
export function describeAdapters(adapters: readonly ListedAdapter[]): string {
  const alone = (one: ListedAdapter) => adapters.every((other) => other === one || other.name !== one.name);
  return adapters
    .map((one) => {
      const place = alone(one) ? null : (one.pci ?? one.uuid);
      return `${one.index} (${[one.name, place].filter(Boolean).join(', ')})`;
    })
    .join(', ');
}

/**
 * The environment that leaves this adapter alone among the system's, for Mesa's device-select layer, which is not
 * bound to Mesa's drivers. Dawn opens the first adapter whose name contains the one that it is given, so another of that name
 * must be hidden.
 *
 * @returns an empty one where the name is enough; null where nothing that the layer knows tells the two apart
 */
export function isolatingEnvironment(
  chosen: ListedAdapter,
  adapters: readonly ListedAdapter[],
): Readonly<Record<string, string | undefined>> | null {
  const others = adapters.filter((one) => one !== chosen && !one.bundled);
  if (!others.some(({ name }) => name.includes(chosen.name))) return {};
  const alone = { MESA_VK_DEVICE_SELECT_FORCE_DEFAULT_DEVICE: '1' };
  const { pci, model } = chosen;
  if (model !== null && others.every((other) => other.model !== model))
    return { ...alone, MESA_VK_DEVICE_SELECT: model, DRI_PRIME: undefined };
  if (pci !== null && others.every((other) => other.pci !== pci))
    return { ...alone, MESA_VK_DEVICE_SELECT: undefined, DRI_PRIME: `pci-${pci.replace(/[:.]/g, '_')}` };
  return null;
}

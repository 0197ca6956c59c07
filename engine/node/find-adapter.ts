import { GpuError } from '../errors.ts';
import {
  chooseAdapter,
  describeAdapters,
  isolatingEnvironment,
  type ListedAdapter,
  listedAdapters,
  plain,
} from './adapter-choice.ts';
import { dawnAdapters, requestAdapter } from './dawn.ts';
import { swiftshaderArchive, useBundledLoader, useSwiftshader } from './swiftshader.ts';
import { vulkanDevices } from './vulkan-devices.ts';
import { inspectVulkan } from './vulkan-system.ts';

/** `hardware`, `software` (a software Vulkan that the system has) and `swiftshader` (the package's). */
export type AdapterKind = 'hardware' | 'software' | 'swiftshader';

/** An adapter, why it was taken, and what tells it from others of its name. */
export interface Found {
  readonly adapter: GPUAdapter;
  readonly kind: AdapterKind;
  readonly why: string;
  readonly uuid: string | null;
  readonly pci: string | null;
}

/** Name of the adapter that SwiftShader's package gives. */
const BUNDLED = 'SwiftShader Device (Subzero)';

/** Names of the software adapters that systems have: Mesa's, Google's, Windows'. */
const SOFTWARE_NAMES = ['llvmpipe', 'SwiftShader', 'Microsoft Basic Render'];

/** All adapters that `--adapter` can choose, in the order of their indices. */
export async function listAdapters(): Promise<ListedAdapter[]> {
  provideLoader();
  const bundled = swiftshaderArchive() ? BUNDLED : null;
  return listedAdapters(await dawnAdapters(), vulkanDevices(), bundled);
}

/**
 * Finds the adapter that is asked for: with `auto` the first hardware one, else a software Vulkan that the system has, else
 * SwiftShader from its npm package.
 *
 * @throws GpuError when none fits, or several do
 */
export async function findAdapter(choice: string): Promise<Found> {
  if (choice === 'swiftshader') return swiftshader('asked for');
  provideLoader();
  if (choice === 'software') {
    for (const name of SOFTWARE_NAMES) {
      const adapter = await requestAdapter(name);
      if (adapter) return { adapter, kind: 'software', why: 'asked for', ...identity(adapter) };
    }
    throw new GpuError(nothingFound(choice));
  }
  if (choice !== 'auto' && choice !== 'hardware') return listed(choice);
  const adapter = await requestAdapter(null);
  const kind = adapter && kindOf(adapter);
  if (adapter && kind && (choice === 'auto' || kind === 'hardware')) {
    const reasons = {
      hardware: 'the fastest hardware adapter',
      software: 'no hardware adapter; the system has a software one',
    };
    const why = choice === 'auto' ? reasons[kind] : 'asked for';
    return { adapter, kind, why, ...identity(adapter) };
  }
  if (choice === 'auto' && swiftshaderArchive())
    return swiftshader('no hardware and no software Vulkan that Dawn accepts');
  throw new GpuError(nothingFound(choice));
}

/** An adapter by its index, UUID, PCI address or name. */
async function listed(choice: string): Promise<Found> {
  const adapters = await listAdapters();
  const chosen = chooseAdapter(choice, adapters);
  if (!chosen) {
    if (adapters.length === 0) throw new GpuError(nothingFound(choice));
    throw new GpuError(
      `No adapter "${choice}" was found. There are: ${describeAdapters(adapters)}. "voxmask doctor" shows more of each.`,
    );
  }
  if (chosen.bundled) return swiftshader('asked for');
  const adapter = await openListed(chosen, adapters);
  return { adapter, kind: kindOf(adapter), why: 'asked for', uuid: chosen.uuid, pci: chosen.pci };
}

/** @throws GpuError where another adapter has the same name and nothing here tells the two apart */
async function openListed(chosen: ListedAdapter, adapters: readonly ListedAdapter[]): Promise<GPUAdapter> {
  const apart = isolatingEnvironment(chosen, adapters);
  if (!apart) throw new GpuError(notToldApart(chosen));
  return withEnvironment(apart, async () => {
    if (Object.keys(apart).length > 0) {
      const [left, ...others] = vulkanDevices();
      const same = left?.name === chosen.name && left.uuid === chosen.uuid && left.pci === chosen.pci;
      if (!same || others.length > 0) throw new GpuError(notToldApart(chosen));
    }
    const adapter = await requestAdapter(chosen.name);
    if (!adapter) throw new GpuError(`Adapter ${describeAdapters([chosen])} could not be opened any more.`);
    return adapter;
  });
}

/** Drivers read these when they are loaded; programs that this one starts must choose for themselves. */
async function withEnvironment<T>(
  variables: Readonly<Record<string, string | undefined>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(variables)) set(name, value);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

function notToldApart(chosen: ListedAdapter): string {
  const fix =
    process.platform === 'linux'
      ? "Install Mesa's device-select layer (Debian, Ubuntu and Fedora: mesa-vulkan-drivers; Arch: vulkan-mesa-layers), or show this process one GPU only (Docker: --gpus device=N, SLURM: --gpus=1)."
      : 'This system offers no way to choose between GPUs of one name.';
  return `Several adapters are called "${chosen.name}", and nothing here tells number ${chosen.index} from the others. ${fix}`;
}

/** UUID and PCI address of an adapter that was not chosen from the list, if no other has its name. */
function identity(adapter: GPUAdapter): Pick<Found, 'uuid' | 'pci'> {
  const name = plain(adapter.info.device);
  const [device, ...others] = vulkanDevices().filter((one) => plain(one.name) === name);
  if (!device || others.length > 0) return { uuid: null, pci: null };
  return { uuid: device.uuid, pci: device.pci };
}

async function swiftshader(why: string): Promise<Found> {
  const archive = swiftshaderArchive();
  if (!archive) {
    throw new GpuError(
      'SwiftShader is not installed. On Linux x64, "npm install --save-dev @sparticuz/chromium@143.0.4" brings it.',
    );
  }
  useSwiftshader(archive);
  const adapter = await requestAdapter(null);
  if (!adapter)
    throw new GpuError(
      'SwiftShader could not be started. Run "voxmask doctor" to see what this machine has.',
    );
  return { adapter, kind: 'swiftshader', why, ...identity(adapter) };
}

/** Puts a Vulkan loader where a Linux system has none. */
function provideLoader(): void {
  const archive = swiftshaderArchive();
  if (process.platform === 'linux' && archive && !inspectVulkan().loader) useBundledLoader(archive);
}

function kindOf({ info }: GPUAdapter): 'hardware' | 'software' {
  return info.isFallbackAdapter || /software|cpu/i.test(info.architecture) ? 'software' : 'hardware';
}

function nothingFound(choice: string): string {
  const wanted =
    choice === 'auto'
      ? 'No GPU was found, and no software adapter either.'
      : `No adapter "${choice}" was found.`;
  const fixes: Partial<Record<NodeJS.Platform, string>> = {
    linux:
      'Install a Vulkan driver (Debian and Ubuntu: mesa-vulkan-drivers and libvulkan1, Mesa 23 or newer), or the software adapter with "npm install --save-dev @sparticuz/chromium@143.0.4".',
    darwin: 'Every Mac with macOS 12 or newer has a Metal GPU; is this a virtual machine without one?',
    win32: 'Install the GPU maker\'s driver; "--adapter Microsoft" uses the software adapter of Windows.',
  };
  return `${wanted} ${fixes[process.platform] ?? ''} Run "voxmask doctor" to see what this machine has.`;
}

import { create, globals } from 'webgpu';
import { GpuError } from '../errors.ts';
import { Gpu } from '../gpu.ts';
import type { Tuning } from '../tuning.ts';
import { swiftshaderArchive, useBundledLoader, useSwiftshader } from './swiftshader.ts';
import { readTuning } from './tuning-file.ts';
import { inspectVulkan } from './vulkan-system.ts';

/** `hardware`, `software` (a software Vulkan that the system has) and `swiftshader` (the package's), or found by name. */
export type AdapterKind = 'hardware' | 'software' | 'swiftshader';

/** The adapter in use: who made it, what it is called, and how it came to be chosen. */
export interface AdapterReport {
  readonly kind: AdapterKind;
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly driver: string;
  readonly why: string;
  /** the choices between kernels, and whether "voxmask tune" measured them */
  readonly tuning: Tuning;
  readonly tuned: boolean;
}

export interface OpenGpu {
  readonly gpu: Gpu;
  readonly adapter: GPUAdapter;
  readonly report: AdapterReport;
  /** what the user should know about it, a sentence each */
  readonly warnings: readonly string[];
}

/** Environment variable that chooses the adapter where no option does. */
export const ADAPTER_VARIABLE = 'VOXMASK_ADAPTER';

// Dawn's objects must stay reachable: when one is collected while its device is in use, the process crashes.
const roots: unknown[] = [];
(globalThis as { voxmaskGpuRoots?: unknown[] }).voxmaskGpuRoots = roots;

/**
 * Opens a GPU: hardware, else a software Vulkan that the system has, else SwiftShader from its npm package. Asks for
 * all features and limits that the adapter has and the engine can use.
 *
 * @param choice an AdapterKind or part of an adapter's name; the environment variable VOXMASK_ADAPTER otherwise
 * @throws GpuError saying what was tried and what to install
 */
export async function openGpu(choice = process.env[ADAPTER_VARIABLE] ?? 'auto'): Promise<OpenGpu> {
  Object.assign(globalThis, globals);
  const { adapter, kind, why } = await findAdapter(choice || 'auto');
  const device = await adapter.requestDevice({
    label: 'voxmask',
    requiredFeatures: wantedFeatures(adapter),
    requiredLimits: allLimits(adapter),
  });
  roots.push(adapter, device);
  const gpu = new Gpu(device);
  const known = describe(adapter, kind, why);
  const warnings: string[] = [];
  const measured = readTuning(known, (why) => warnings.push(why));
  if (measured) Object.assign(gpu.tuning, measured);
  return { gpu, adapter, report: { ...known, tuning: gpu.tuning, tuned: measured !== null }, warnings };
}

interface Found {
  readonly adapter: GPUAdapter;
  readonly kind: AdapterKind;
  readonly why: string;
}

async function findAdapter(choice: string): Promise<Found> {
  if (choice === 'swiftshader') return swiftshader('asked for');
  const system = await systemAdapter(choice);
  if (system) return system;
  if (choice === 'auto' && swiftshaderArchive())
    return swiftshader('no hardware and no software Vulkan that Dawn accepts');
  throw new GpuError(nothingFound(choice));
}

/** Names of the software adapters that systems have: Mesa's, Google's, Windows'. */
const SOFTWARE_NAMES = ['llvmpipe', 'SwiftShader', 'Microsoft Basic Render'];

/** The system's adapter that fits the choice: with `auto` the first hardware one, else the first software one. */
async function systemAdapter(choice: string): Promise<Found | null> {
  const archive = swiftshaderArchive();
  if (process.platform === 'linux' && archive && !inspectVulkan().loader) useBundledLoader(archive);
  if (choice === 'software') {
    for (const name of SOFTWARE_NAMES) {
      const { adapter } = await request(name);
      if (adapter) return { adapter, kind: 'software', why: 'asked for' };
    }
    return null;
  }
  const named = choice !== 'auto' && choice !== 'hardware';
  const { adapter, available } = await request(named ? choice : null);
  if (!adapter && named) throw new GpuError(`${nothingFound(choice)} ${available}`);
  if (!adapter) return null;
  const kind = isSoftware(adapter) ? 'software' : 'hardware';
  if (choice === 'hardware' && kind !== 'hardware') return null;
  const reasons = {
    hardware: 'the fastest hardware adapter',
    software: 'no hardware adapter; the system has a software one',
  };
  return { adapter, kind, why: choice === 'auto' ? reasons[kind] : 'asked for' };
}

/** Browsers blur the GPU's clock lest pages spy with it; a profiler wants it as it is. */
const EXACT_TIMES = 'disable-dawn-features=timestamp_quantization';

/** Asks Dawn for an adapter, by a part of its name if one is given. */
async function request(name: string | null): Promise<{ adapter: GPUAdapter | null; available: string }> {
  const gpu = create([EXACT_TIMES, ...(name ? [`adapter=${name}`] : [])]);
  roots.push(gpu);
  try {
    return { adapter: await gpu.requestAdapter({ powerPreference: 'high-performance' }), available: '' };
  } catch (error) {
    // Dawn throws where it finds nothing to choose from; of a name it lists what there is
    return { adapter: null, available: (error as Error).message.split('\n').slice(1).join(' ') };
  }
}

async function swiftshader(why: string): Promise<Found> {
  const archive = swiftshaderArchive();
  if (!archive) {
    throw new GpuError(
      'SwiftShader is not installed. On Linux x64, "npm install --save-dev @sparticuz/chromium@143.0.4" brings it.',
    );
  }
  useSwiftshader(archive);
  const gpu = create([EXACT_TIMES, 'backend=vulkan']);
  roots.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (!adapter)
    throw new GpuError(
      'SwiftShader could not be started. Run "voxmask doctor" to see what this machine has.',
    );
  return { adapter, kind: 'swiftshader', why };
}

function isSoftware(adapter: GPUAdapter): boolean {
  return adapter.info.isFallbackAdapter || /software|cpu/i.test(adapter.info.architecture);
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

function wantedFeatures(adapter: GPUAdapter): GPUFeatureName[] {
  const useful: GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];
  return useful.filter((feature) => adapter.features.has(feature));
}

/** Every limit at the adapter's own value: by default a device gets only what any device has. */
function allLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[name] = value;
  }
  return limits;
}

function describe(adapter: GPUAdapter, kind: AdapterKind, why: string) {
  const { device, vendor, architecture, description } = adapter.info;
  return { kind, name: device || description || vendor, vendor, architecture, driver: description, why };
}

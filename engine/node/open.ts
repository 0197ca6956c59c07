import { globals } from 'webgpu';
import { GpuError } from '../errors.ts';
import { Gpu } from '../gpu.ts';
import type { Tuning } from '../tuning.ts';
import { keepReachable } from './dawn.ts';
import { type AdapterKind, type Found, findAdapter } from './find-adapter.ts';
import { withoutNativeOutput } from './native-output.ts';
import { readTuning } from './tuning-file.ts';

/** The adapter in use: who made it, what it is called, and how it came to be chosen. */
export interface AdapterReport {
  readonly kind: AdapterKind;
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly driver: string;
  /** what tells it from others of its name; null where the system does not say, or several have this name */
  readonly uuid: string | null;
  readonly pci: string | null;
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

/**
 * Opens a GPU: hardware, else a software Vulkan that the system has, else SwiftShader from its npm package. Asks for
 * all features and limits that the adapter has and the engine can use.
 *
 * @param choice an AdapterKind, or an adapter's index, UUID, PCI address or part of its name; the environment variable
 *   VOXMASK_ADAPTER otherwise
 * @throws GpuError when no adapter fits, saying what was tried and what to install, or when several do
 */
export async function openGpu(choice = process.env[ADAPTER_VARIABLE] ?? 'auto'): Promise<OpenGpu> {
  Object.assign(globalThis, globals);
  const found = await findAdapter(choice || 'auto');
  const { adapter } = found;
  const device = await requestDevice(adapter);
  keepReachable(adapter, device);
  const gpu = new Gpu(device);
  const known = describe(found);
  const warnings: string[] = [];
  const measured = readTuning(known, (why) => warnings.push(why));
  if (measured) Object.assign(gpu.tuning, measured);
  return { gpu, adapter, report: { ...known, tuning: gpu.tuning, tuned: measured !== null }, warnings };
}

async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  try {
    return await withoutNativeOutput(() =>
      adapter.requestDevice({
        label: 'voxmask',
        requiredFeatures: wantedFeatures(adapter),
        requiredLimits: allLimits(adapter),
      }),
    );
  } catch (error) {
    throw new GpuError(
      `Adapter ${adapter.info.device} could not be opened: ${(error as Error).message.trim()} "voxmask doctor --verbose" shows what its driver says.`,
    );
  }
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

function describe({ adapter, kind, why, uuid, pci }: Found) {
  const { device, vendor, architecture, description } = adapter.info;
  const name = device || description || vendor;
  return { kind, name, vendor, architecture, driver: description, uuid, pci, why };
}

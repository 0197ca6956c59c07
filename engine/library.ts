import { type KernelName, kernels } from '../kernels/index.ts';
import { GpuError } from './errors.ts';
import { type Constants, type Kernel, readKernel } from './kernel.ts';

/** A kernel being made ready: its reflection at once, its pipeline when the driver has compiled it. */
export interface Compiled {
  readonly key: string;
  readonly kernel: Kernel;
  readonly layout: GPUBindGroupLayout;
  readonly compilation: Promise<void>;
  /** null until compiled */
  pipeline: GPUComputePipeline | null;
}

const COMPUTE = 0x4; // GPUShaderStage.COMPUTE

/** All kernels used so far, each compiled once per set of constants, in the background. */
export class KernelLibrary {
  private readonly compiled = new Map<string, Compiled>();
  private readonly device: GPUDevice;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** The kernel with these constants; its compilation starts at the first call. */
  get(name: KernelName, constants: Constants = {}): Compiled {
    const key = `${name} ${Object.entries(constants)
      .map(([constant, value]) => `${constant}=${value}`)
      .join(' ')}`;
    let entry = this.compiled.get(key);
    if (!entry) {
      entry = this.compile(key, readKernel(name, kernels[name], constants));
      this.compiled.set(key, entry);
    }
    return entry;
  }

  private compile(key: string, kernel: Kernel): Compiled {
    const entries: GPUBindGroupLayoutEntry[] = kernel.bindings.map((binding) => ({
      binding: binding.index,
      visibility: COMPUTE,
      buffer: {
        type: binding.writes ? 'storage' : 'read-only-storage',
        minBindingSize: binding.elementBytes,
      },
    }));
    if (kernel.params) {
      const buffer: GPUBufferBindingLayout = {
        type: 'uniform',
        hasDynamicOffset: true,
        minBindingSize: kernel.params.bytes,
      };
      entries.push({ binding: kernel.params.index, visibility: COMPUTE, buffer });
    }
    const layout = this.device.createBindGroupLayout({ label: kernel.name, entries });
    const compilation = this.build(kernel, layout).then((pipeline) => {
      compiled.pipeline = pipeline;
    });
    // a failed compilation surfaces where the kernel is first awaited; without this it would also end the process
    compilation.catch(() => {});
    const compiled: Compiled = { key, kernel, layout, compilation, pipeline: null };
    return compiled;
  }

  private async build(kernel: Kernel, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    this.device.pushErrorScope('validation');
    const module = this.device.createShaderModule({ label: kernel.name, code: kernel.code });
    const invalid = this.device.popErrorScope();
    const problem = await invalid;
    if (problem) throw new GpuError(`Kernel ${kernel.name} does not compile: ${problem.message}`);
    try {
      return await this.device.createComputePipelineAsync({
        label: kernel.name,
        layout: this.device.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      });
    } catch (error) {
      throw new GpuError(`Kernel ${kernel.name} is not accepted by this GPU: ${(error as Error).message}`);
    }
  }
}

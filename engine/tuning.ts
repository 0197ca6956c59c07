/** Choices between kernels that compute the same, by what is faster on a device. */
export interface Tuning {
  /**
   * How many lanes of a subgroup share the convolution weights they load, or 1 where each thread loads its own. Sharing
   * pays on narrow SIMD machines (software adapters), where every load is as many instructions as there are lanes; wide
   * GPUs broadcast such loads themselves.
   */
  weightLanes: number;
}

const OCTET = 8; // a subgroup must hold the weights of the eight channels that a thread computes

/** The choices without measurement. */
export function defaultTuning(device: GPUDevice): Tuning {
  if (!device.features.has('subgroups')) return { weightLanes: 1 };
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = device.adapterInfo;
  return { weightLanes: subgroupMinSize === OCTET && subgroupMaxSize === OCTET ? OCTET : 1 };
}

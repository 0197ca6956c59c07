/** Choices between kernels that compute the same, by what is faster on a device. */
export interface Tuning {
  /**
   * How many lanes of a subgroup share the convolution weights they load, or 1 where each thread loads its own. Sharing
   * pays on narrow SIMD machines (software adapters), where every load is as many instructions as there are lanes; wide
   * GPUs broadcast such loads themselves.
   */
  weightLanes: number;
  /**
   * Up to how many voxels of a volume a convolution is a matrix product split over its input channels, instead of
   * patches. Patches compute faster; but of few voxels there are too few of them to fill a wide GPU.
   */
  productVoxels: number;
}

const OCTET = 8; // a subgroup must hold the weights of the eight channels that a thread computes

/** The choices without measurement. */
export function defaultTuning(device: GPUDevice): Tuning {
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = device.adapterInfo;
  const octets = subgroupMinSize === OCTET && subgroupMaxSize === OCTET;
  return device.features.has('subgroups') && octets
    ? { weightLanes: OCTET, productVoxels: 32 }
    : { weightLanes: 1, productVoxels: 8192 };
}

/** Choices between kernels, and of their sizes, that compute the same: what is fastest differs between devices. */
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
  /**
   * 1 where convolutions bring tiles of their input to workgroup memory, 0 where each thread loads what it needs. Tiles
   * pay on GPUs; software adapters have no faster memory to bring them to.
   */
  tiles: number;
  /** Workgroups that long sums (weight gradients, split matrix products) are cut into, where they have as many parts. */
  parallelGroups: number;
}

/** Lanes that one load of weights serves: a thread computes eight output channels. */
export const OCTET = 8;

/** The choices without measurement. */
export function defaultTuning(device: GPUDevice): Tuning {
  const { isFallbackAdapter } = device.adapterInfo;
  const octets = device.features.has('subgroups') && subgroupSize(device) === OCTET;
  const productVoxels = isFallbackAdapter ? (octets ? 32 : 0) : 8192;
  const tiles = Number(!isFallbackAdapter);
  return { weightLanes: octets ? OCTET : 1, productVoxels, tiles, parallelGroups: 512 };
}

/** The size of all the device's subgroups; null where it is not one, or not known. */
function subgroupSize({ adapterInfo }: GPUDevice): number | null {
  const { subgroupMinSize = 0, subgroupMaxSize = 1 } = adapterInfo;
  return subgroupMinSize === subgroupMaxSize ? subgroupMaxSize : null;
}

/** What may be tried for each choice on a device; the volumes are those of a network's layers, in voxels. */
export function tuningCandidates(
  device: GPUDevice,
  volumes: readonly number[],
): { readonly [K in keyof Tuning]: readonly Tuning[K][] } {
  const size = device.features.has('subgroups') ? subgroupSize(device) : null;
  return {
    weightLanes: size !== null && size >= OCTET ? [1, size] : [1],
    productVoxels: [0, ...new Set(volumes.filter((voxels) => voxels < 1e5))].sort((a, b) => a - b),
    tiles: [0, 1],
    parallelGroups: [128, 512, 2048],
  };
}

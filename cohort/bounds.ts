const kib = 2 ** 10;
const mib = 2 ** 20;

/**
 * What files that users give may hold at most; docs/formats.md lists these bounds. They are far above anything that the
 * field's tools write, and keep a damaged or hostile file from taking the machine's memory or minutes of its time.
 */
export const bounds = {
  /** bytes of a table */
  tableBytes: 256 * mib,
  /** bytes of one line of a table */
  lineBytes: mib,
  /** columns of a table */
  columns: 100_000,
  /** bytes of a configuration or a study in YAML */
  configBytes: 256 * kib,
  /** bytes of the `truth.json` of a simulated cohort */
  jsonBytes: 16 * mib,
  /** voxels of an image: a cube of 645 */
  voxels: 2 ** 28,
  /** bytes before the voxels: a header and its extensions */
  headerBytes: 16 * mib,
  /** bytes behind the voxels, which no tool should write but some do */
  trailingBytes: 16 * mib,
  /** labels of an atlas */
  labels: 100_000,
  /** bytes of a model, a checkpoint or other weights */
  modelBytes: 2 ** 31 - 1,
  /** bytes of a safetensors header */
  safetensorsHeaderBytes: 16 * mib,
  /** arrays of a safetensors file, and tensors of a PyTorch checkpoint */
  arrays: 10_000,
  /** dimensions of an array */
  dimensions: 16,
  /** bytes of a PyTorch checkpoint's pickle */
  pickleBytes: 4 * mib,
  /** files in a PyTorch checkpoint, which is a zip archive */
  archiveEntries: 65_535,
  /** how many times its size the tensors of a PyTorch checkpoint may unpack to; torch.save does not compress ... */
  unpackedRatio: 4,
  /** ... and bytes that they may unpack to whatever its size */
  unpackedBytes: 64 * mib,
} as const;

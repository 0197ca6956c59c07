/** What stands for an object that no weights are in: nothing can be done with it, and nothing is done with its state. */
class Bystander {
  __setstate__(): void {}
}

/** Called or constructed by the pickle, whichever it asks for. */
function bystander(): Bystander {
  return new Bystander();
}

const paths = ['PosixPath', 'PurePosixPath', 'WindowsPath', 'PureWindowsPath'];
const arrays = ['scalar', '_reconstruct'];

/**
 * What trainings often save beside their weights: NumPy's numbers and arrays, command-line arguments, paths, dates, the
 * dictionaries of optimisers and schedulers. Each name stands for a function of our own; the code that it names is not run.
 */
export const bystanders: Readonly<Record<string, () => unknown>> = Object.fromEntries([
  ...['collections.defaultdict', 'collections.Counter'].map((name) => [name, () => new Map()]),
  ...[
    ...['numpy.core.multiarray', 'numpy._core.multiarray'].flatMap((module) =>
      arrays.map((name) => `${module}.${name}`),
    ),
    ...['pathlib', 'pathlib._local'].flatMap((module) => paths.map((name) => `${module}.${name}`)),
    ...['builtins', '__builtin__'].flatMap((module) =>
      ['dict', 'list', 'set', 'complex'].map((name) => `${module}.${name}`),
    ),
    ...['numpy.dtype', 'numpy.ndarray', '_codecs.encode', 'argparse.Namespace'],
    ...['datetime.datetime', 'datetime.date', 'datetime.timedelta', 'datetime.timezone'],
    ...['torch.float32', 'torch.float64', 'torch.float16', 'torch.bfloat16', 'torch.int64'],
  ].map((name) => [name, bystander]),
]);

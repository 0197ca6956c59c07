import type { OpenGpu } from '../engine/node/open.ts';
import { textOption } from './options.ts';

/** The option of every command that uses a GPU. */
export const adapterOption = textOption({
  describe:
    "hardware, software, swiftshader, or an adapter's index (as voxmask doctor lists it), UUID, PCI address or part of its name; else $VOXMASK_ADAPTER",
});

/**
 * Opens the GPU that the user asked for. A software adapter is slow and seldom what was meant, so it is announced on
 * standard error.
 *
 * @param choice value of `--adapter`; undefined for the environment's choice, else the best there is
 * @param quiet announces nothing
 * @throws GpuError when there is no such adapter, saying what to install
 */
export async function openChosenGpu(choice: string | undefined, quiet: boolean): Promise<OpenGpu> {
  // loaded only now, so that commands without a GPU, and "voxmask doctor", work where Dawn does not load
  const { openGpu } = await import('../engine/node/open.ts');
  const opened = await openGpu(choice);
  const { kind, name } = opened.report;
  if (kind !== 'hardware' && !quiet) {
    process.stderr.write(`Using a software adapter (${name}): slow; "voxmask doctor" says why.\n`);
  }
  for (const warning of opened.warnings) process.stderr.write(`voxmask: ${warning}\n`);
  return opened;
}

/**
 * Lends a GPU to work that first does what needs none: it is opened when the work asks for it, once, and closed when
 * the work has ended.
 *
 * @param work calls `open` when it needs the GPU
 */
export async function lendGpu<T>(
  choice: string | undefined,
  quiet: boolean,
  work: (open: () => Promise<OpenGpu>) => Promise<T>,
): Promise<T> {
  let lent: Promise<OpenGpu> | undefined;
  const open = () => {
    lent ??= openChosenGpu(choice, quiet);
    return lent;
  };
  try {
    return await work(open);
  } finally {
    // An adapter that was not found has been reported by the work already.
    const opened = await lent?.catch(() => undefined);
    opened?.gpu.close();
  }
}

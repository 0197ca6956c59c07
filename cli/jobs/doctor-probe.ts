/*
 * Run as a program of its own: opens one adapter and prints what it is, as JSON on the last line. A process apart,
 * because choosing SwiftShader changes the environment, and a broken driver takes its process down.
 *
 * Arguments: the adapter to ask for (empty: as every command chooses), and "measure" to measure its speed as well, or "list"
 * to list all adapters instead.
 */
import type { ListResult, ProbeResult } from './doctor.ts';

const [choice, task] = process.argv.slice(2);

async function list(): Promise<ListResult> {
  const { listAdapters } = await import('../../engine/node/find-adapter.ts');
  return { list: await listAdapters(), printed: await printed() };
}

/** What native code printed in this process. */
async function printed(): Promise<readonly string[]> {
  const { nativeLines } = await import('../../engine/node/native-output.ts');
  return nativeLines();
}

async function probe(): Promise<ProbeResult> {
  // Loaded here, so that a GPU library that does not load is a finding and not a crash.
  const { openGpu } = await import('../../engine/node/open.ts');
  const { gpu, adapter, report } = await openGpu(choice || undefined);
  const limits = Object.fromEntries(
    (
      [
        'maxBufferSize',
        'maxStorageBufferBindingSize',
        'maxComputeWorkgroupStorageSize',
        'maxComputeInvocationsPerWorkgroup',
      ] as const
    ).map((name) => [name, adapter.limits[name]]),
  );
  const features = ['timestamp-query', 'shader-f16', 'subgroups'].filter((name) =>
    adapter.features.has(name),
  );
  const { measureLimits } = await import('../../bench/limits.ts');
  const measured = task === 'measure' ? await measureLimits(gpu) : null;
  gpu.close();
  return { report, limits, features, measured, printed: await printed() };
}

const result = await (task === 'list' ? list() : probe()).catch(async (error: unknown) => {
  const { message, name } = error instanceof Error ? error : new Error(String(error));
  return { error: message, known: name === 'GpuError', printed: await printed() };
});
process.stdout.write(`\n${JSON.stringify(result)}\n`);

/*
 * Run as a program of its own: opens one adapter and prints what it is, as JSON on the last line. A process apart,
 * because choosing SwiftShader changes the environment, and a broken driver takes its process down.
 *
 * Arguments: the adapter to ask for (empty: as every command chooses), and "measure" to measure its speed as well.
 */
import type { ProbeResult } from './doctor.ts';

const [choice, task] = process.argv.slice(2);

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
  return { report, limits, features, measured };
}

const result = await probe().catch((error: unknown) => {
  const { message, name } = error instanceof Error ? error : new Error(String(error));
  return { error: message, known: name === 'GpuError' };
});
process.stdout.write(`\n${JSON.stringify(result)}\n`);

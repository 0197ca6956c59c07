import type { Context } from '../context.ts';
import { trainingResults } from '../networks.ts';
import type { Shown } from '../shown.ts';
import { joined } from './sharing.ts';

/** All versions and adapters that the runs recorded, and the seeds of the trainings. */
export function softwareText(context: Context): Shown | null {
  const { identity, results } = context;
  const { say, machine, value } = identity;
  const versions = results.flatMap(({ sidecar }) => {
    if (!sidecar.versions?.voxmask) return [];
    const { voxmask, node, webgpu } = sidecar.versions;
    return [
      say`voxmask ${machine(voxmask)} (Node.js ${machine(String(node))}${webgpu ? say`, WebGPU by Dawn, webgpu ${machine(webgpu)}` : say``})`,
    ];
  });
  if (versions.length === 0) return null;
  const adapters = results.flatMap(({ sidecar: { adapter } }) =>
    adapter?.name ? [say`${machine(adapter.name)} (${machine(adapter.driver ?? 'driver not known')})`] : [],
  );
  const seeds = trainingResults(context).flatMap(({ sidecar }) =>
    (sidecar.seed ?? null) === null ? [] : [value(sidecar.seed)],
  );
  const all = (texts: readonly Shown[]) => joined(identity, ', ', [...new Set(texts)]);
  return say`Computed with ${all(versions)}${adapters.length > 0 ? say` on ${all(adapters)}` : say``}${seeds.length > 0 ? say`; training seeds ${all(seeds)}` : say``}.`;
}

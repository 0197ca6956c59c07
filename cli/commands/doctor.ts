import type { CommandModule } from 'yargs';
import { GpuError } from '../../engine/errors.ts';
import { textTable } from '../../report/text-table.ts';
import { formatBytes } from '../bytes.ts';
import { adapterOption } from '../gpu.ts';
import { type Diagnosis, diagnose, type OpenedAdapter } from '../jobs/doctor.ts';
import { jsonOption } from '../options.ts';

interface Arguments {
  adapter: string | undefined;
  json: boolean;
  verbose: boolean;
}

/** `voxmask doctor`: which GPU this machine gives, how fast it is, and what is in the way. */
export const doctor: CommandModule<object, Arguments> = {
  command: 'doctor',
  describe: 'Show the GPUs that can be used, how fast the chosen one is, and what is in the way',
  builder: (yargs) =>
    yargs
      .options({
        adapter: adapterOption,
        json: jsonOption,
        verbose: {
          type: 'boolean',
          default: false,
          describe: 'Print the lines of the GPU library, the Vulkan loader and the drivers as well',
        },
      })
      .example('$0 doctor', 'which adapter commands use, and why')
      .example('$0 doctor --adapter swiftshader', 'look at one adapter'),
  handler: async ({ adapter, json, verbose }) => {
    const diagnosis = await diagnose(adapter);
    console.log(json ? JSON.stringify(diagnosis, null, 2) : asText(diagnosis, verbose));
    if (!diagnosis.chosen) throw new GpuError(diagnosis.chosenError ?? 'no adapter can be opened');
  },
};

function asText(diagnosis: Diagnosis, verbose: boolean): string {
  const { adapters, list, chosen, problems, platform, versions, printed } = diagnosis;
  const machine = `voxmask ${versions.voxmask}, webgpu ${versions.webgpu ?? 'missing'}, Node ${versions.node}, ${platform.os} ${platform.architecture}`;
  const kinds = textTable(
    ['adapter', 'found', 'driver, or why not'],
    adapters.map(({ asked, name, driver, error }) => [
      asked,
      name ?? 'none',
      error === null ? driver : firstSentence(error),
    ]),
  );
  const all = textTable(
    ['--adapter', 'name', 'through', 'driver', 'UUID', 'PCI address'],
    list.map(({ index, name, backend, driver, uuid, pci }) => [
      String(index),
      name,
      backend,
      driver ?? '',
      uuid ?? '',
      pci ?? '',
    ]),
  );
  const mend = problems.map(({ what, fix }) => `${what}\n  ${fix}`);
  const lines = printed.length > 0 ? printed.join('\n') : 'none';
  return [
    machine,
    kinds,
    ...(list.length > 0 ? [all] : []),
    ...(chosen ? [chosenText(chosen)] : []),
    ...mend,
    ...(verbose ? [`Lines of the GPU library, the Vulkan loader and the drivers:\n${lines}`] : []),
  ].join('\n\n');
}

function chosenText({ report, limits, features, measured }: OpenedAdapter): string {
  const rows: [string, string][] = [
    ['largest buffer', formatBytes(limits.maxBufferSize)],
    ['largest storage binding', formatBytes(limits.maxStorageBufferBindingSize)],
    ['workgroup storage', formatBytes(limits.maxComputeWorkgroupStorageSize)],
    ['threads in a workgroup', String(limits.maxComputeInvocationsPerWorkgroup)],
    ['features', features.join(', ') || 'none'],
  ];
  const { tuning, tuned } = report;
  rows.push(['kernels', `${tuned ? 'tuned' : 'by default; "voxmask tune" measures'}: ${choices(tuning)}`]);
  if (measured) {
    rows.push(
      ['copy, read + written', `${(measured.copyBytesPerSecond / 1e9).toPrecision(3)} GB/s`],
      ['multiply-add, float32', `${(measured.flopsPerSecond / 1e9).toPrecision(3)} GFLOP/s`],
    );
  }
  return `In use: ${report.name} (${report.kind}): ${report.why}\n\n${textTable(['it has', ''], rows)}`;
}

function choices(tuning: object): string {
  return Object.entries(tuning)
    .map(([choice, value]) => `${choice} ${value}`)
    .join(', ');
}

function firstSentence(text: string): string {
  return /^.*?\.(?=\s|$)/s.exec(text)?.[0] ?? text;
}

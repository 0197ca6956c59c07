import type { CommandModule } from 'yargs';
import { GpuError } from '../../engine/errors.ts';
import { textTable } from '../../report/text-table.ts';
import { formatBytes } from '../bytes.ts';
import { type Diagnosis, diagnose, type OpenedAdapter } from '../jobs/doctor.ts';
import { jsonOption, textOption } from '../options.ts';

interface Arguments {
  adapter: string | undefined;
  json: boolean;
}

/** `voxmask doctor`: which GPU this machine gives, how fast it is, and what is in the way. */
export const doctor: CommandModule<object, Arguments> = {
  command: 'doctor',
  describe: 'Show the GPUs that can be used, how fast the chosen one is, and what is in the way',
  builder: (yargs) =>
    yargs
      .options({
        adapter: textOption({
          describe: "hardware, software, swiftshader, or part of an adapter's name",
        }),
        json: jsonOption,
      })
      .example('$0 doctor', 'which adapter commands use, and why')
      .example('$0 doctor --adapter swiftshader', 'look at one adapter'),
  handler: async ({ adapter, json }) => {
    const diagnosis = await diagnose(adapter);
    console.log(json ? JSON.stringify(diagnosis, null, 2) : asText(diagnosis));
    if (!diagnosis.chosen) throw new GpuError(diagnosis.chosenError ?? 'no adapter can be opened');
  },
};

function asText({ adapters, chosen, problems, platform, versions }: Diagnosis): string {
  const machine = `voxmask ${versions.voxmask}, webgpu ${versions.webgpu ?? 'missing'}, Node ${versions.node}, ${platform.os} ${platform.architecture}`;
  const kinds = textTable(
    ['adapter', 'found', 'driver, or why not'],
    adapters.map(({ asked, name, driver, error }) => [
      asked,
      name ?? 'none',
      error === null ? driver : firstSentence(error),
    ]),
  );
  const mend = problems.map(({ what, fix }) => `${what}\n  ${fix}`);
  return [machine, kinds, ...(chosen ? [chosenText(chosen)] : []), ...mend].join('\n\n');
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

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MeasuredLimits } from '../../bench/limits.ts';
import type { ListedAdapter } from '../../engine/node/adapter-choice.ts';
import type { AdapterKind } from '../../engine/node/find-adapter.ts';
import type { AdapterReport } from '../../engine/node/open.ts';
import { inspectVulkan, type VulkanSystem } from '../../engine/node/vulkan-system.ts';
import { type Versions, versions } from '../versions.ts';
import { type Problem, problemsOf } from './doctor-advice.ts';
import { inspectMachine } from './doctor-machine.ts';

/** An adapter that was opened: what it is, what it allows, how fast it is. */
export interface OpenedAdapter {
  readonly report: AdapterReport;
  readonly limits: Readonly<Record<string, number>>;
  /** of the optional features that may be used, those that it has */
  readonly features: readonly string[];
  /** null where it was not measured */
  readonly measured: MeasuredLimits | null;
  readonly printed: readonly string[];
}

/** Why there is none; `known` where the engine itself said so. */
interface ProbeFailure {
  readonly error: string;
  readonly known: boolean;
  /** what the GPU library, the Vulkan loader and drivers wrote to standard output and standard error */
  readonly printed: readonly string[];
}

/** What a probe prints: an adapter, or why there is none. */
export type ProbeResult = OpenedAdapter | ProbeFailure;

/** What a probe prints that lists. */
export interface ListResult {
  readonly list: readonly ListedAdapter[];
  readonly printed: readonly string[];
}

/** One kind of adapter and whether it can be had. */
export interface ProbedKind {
  readonly asked: AdapterKind;
  readonly name: string | null;
  readonly driver: string | null;
  /** why it cannot be had */
  readonly error: string | null;
}

export interface Diagnosis {
  /** one of each kind */
  readonly adapters: readonly ProbedKind[];
  /** all, by their indices */
  readonly list: readonly ListedAdapter[];
  /** the adapter that commands use, or null */
  readonly chosen: OpenedAdapter | null;
  readonly chosenError: string | null;
  readonly problems: readonly Problem[];
  readonly platform: { readonly os: NodeJS.Platform; readonly architecture: string };
  readonly versions: Versions;
  readonly vulkan: VulkanSystem | null;
  /** lines of the GPU library, the Vulkan loader and drivers, each once */
  readonly printed: readonly string[];
}

const kinds: readonly AdapterKind[] = ['hardware', 'software', 'swiftshader'];
const probeLimit = 60_000; // ms
const measureLimit = 180_000; // ms

/**
 * Finds out which adapters this machine gives, which of them is used and how fast it is, and what is in the way.
 *
 * @param adapter what the user asks for; undefined for what commands choose on their own
 */
export async function diagnose(adapter: string | undefined): Promise<Diagnosis> {
  const [all, ...probes] = await Promise.all([
    probe<ListResult>(['', 'list'], probeLimit),
    ...[...kinds, 'auto'].map((choice) => probe<OpenedAdapter>([choice], probeLimit)),
  ]);
  // Alone, so that nothing else slows it down.
  const used = await probe<OpenedAdapter>([adapter ?? '', 'measure'], measureLimit);
  const vulkan = process.platform === 'linux' ? inspectVulkan() : null;
  // An adapter counts for its kind however it was asked for.
  const adapters = kinds.map((kind, i) => {
    const opened = [used, ...probes].find((result) => 'report' in result && result.report.kind === kind);
    return summary(kind, opened ?? probes[i]);
  });
  const found = (kind: AdapterKind) => adapters.some(({ asked, error }) => asked === kind && error === null);
  const broken = [...probes, used].every((result) => 'error' in result && !result.known);
  const problems = problemsOf({
    platform: process.platform,
    vulkan,
    ...(await inspectMachine()),
    hardware: found('hardware'),
    software: found('software'),
    libraryFault: broken && 'error' in used ? used.error : null,
  });
  return {
    adapters,
    list: 'list' in all ? all.list : [],
    chosen: 'report' in used ? used : null,
    chosenError: 'error' in used ? used.error : null,
    problems,
    platform: { os: process.platform, architecture: process.arch },
    versions: versions(),
    vulkan,
    printed: [...new Set([all, ...probes, used].flatMap(({ printed }) => printed))],
  };
}

function summary(asked: AdapterKind, result: ProbeResult): ProbedKind {
  if ('error' in result) return { asked, name: null, driver: null, error: result.error };
  const { name, driver } = result.report;
  return { asked, name, driver, error: null };
}

/** Opens an adapter in a process of its own. Whatever happens there, a result comes back. */
function probe<T>(words: readonly string[], limit: number): Promise<T | ProbeFailure> {
  // The probe lies beside this file, and ends as it does: .ts in the sources, .js when built.
  const program = fileURLToPath(import.meta.url).replace(/doctor(\.[jt]s)$/, 'doctor-probe$1');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], { timeout: limit }, (failure, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (last.startsWith('{')) return resolve(JSON.parse(last) as T | ProbeFailure);
      const said = stderr.trim().split('\n').at(-1) ?? '';
      const how = failure?.killed
        ? `no answer within ${limit / 1000} s`
        : `its process ended with ${failure?.signal ?? `code ${failure?.code}`}`;
      const printed = stderr.split('\n').filter((line) => line.trim() !== '');
      resolve({ error: said ? `${how}: ${said}` : how, known: false, printed });
    });
  });
}

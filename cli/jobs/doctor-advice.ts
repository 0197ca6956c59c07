import path from 'node:path';
import type { VulkanSystem } from '../../engine/node/vulkan-system.ts';

/** Something that keeps a GPU from being used, and what to do about it. */
export interface Problem {
  readonly what: string;
  readonly fix: string;
}

/** What is known of a machine. */
export interface Findings {
  readonly platform: NodeJS.Platform;
  /** null off Linux */
  readonly vulkan: VulkanSystem | null;
  /** the device nodes of an NVIDIA GPU are there */
  readonly nvidia: boolean;
  readonly hardware: boolean;
  readonly software: boolean;
  /** why the GPU library itself could not be loaded, or null */
  readonly libraryFault: string | null;
  /** version of the C library; null off Linux, and on Linux with another one (Alpine's musl) */
  readonly glibc: string | null;
  /** on the Windows Subsystem for Linux: whether it passes the GPU on; null elsewhere */
  readonly wsl: { readonly gpu: boolean } | null;
  /** seconds after which Windows resets a GPU that does not answer; null where it never does, and elsewhere */
  readonly resetAfter: number | null;
}

/** What the package webgpu was linked against on Linux, for x64 and arm64 alike. */
const NEEDED_GLIBC = '2.34';
const NEEDED_LIBSTDCXX = 'libstdc++ of GCC 12 (GLIBCXX_3.4.30)';
/** Below this, a small GPU may be reset while it computes on images of the paper's size. */
const LONG_ENOUGH = 10; // seconds

/** What stands between this machine and its GPU, the first thing to mend first. */
export function problemsOf(findings: Findings): Problem[] {
  const { platform, vulkan, hardware } = findings;
  if (findings.libraryFault !== null) return [libraryProblem(findings, findings.libraryFault)];
  if (vulkan) return vulkanProblems(findings, vulkan);
  if (hardware) return resetProblems(findings);
  const fix =
    platform === 'win32'
      ? 'Install the driver of the GPU\'s maker; "--adapter Microsoft" computes on the processor.'
      : 'A virtual machine must be given one; every Mac with macOS 12 or newer has one.';
  return [{ what: 'No GPU can be opened.', fix }];
}

/** Why the GPU library does not load, and what it needs. */
function libraryProblem({ platform, glibc }: Findings, fault: string): Problem {
  const what = `The GPU library (package webgpu) does not load: ${fault.replace(/\.$/, '')}.`;
  if (platform !== 'linux')
    return {
      what,
      fix: 'Install on this machine and for this Node ("npm ci"). It comes for Windows and macOS.',
    };
  const has = glibc === null ? 'no glibc (musl, as on Alpine, is not enough)' : `glibc ${glibc}`;
  const enough = glibc !== null && compareVersions(glibc, NEEDED_GLIBC) >= 0;
  const first = enough ? 'Install on this machine and for this Node ("npm ci"). ' : '';
  return {
    what,
    fix: `${first}On x64 and arm64 it needs glibc ${NEEDED_GLIBC} and ${NEEDED_LIBSTDCXX}, as Debian 12, Ubuntu 22.04 and RHEL 10 have them; this system has ${has}.`,
  };
}

function compareVersions(a: string, b: string): number {
  const [[major, minor], [itsMajor, itsMinor]] = [a, b].map((version) => version.split('.').map(Number));
  return major - itsMajor || minor - itsMinor;
}

/** What Windows does to a GPU that computes for long at one command. */
function resetProblems({ platform, resetAfter }: Findings): Problem[] {
  if (platform !== 'win32' || resetAfter === null || resetAfter >= LONG_ENOUGH) return [];
  return [
    {
      what: `Windows resets a GPU that is busy for more than ${resetAfter} s with one command (TdrDelay).`,
      fix: `Should a command end because the device was lost, use smaller batches, or set the DWORD TdrDelay below HKLM\\SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers to ${LONG_ENOUGH} or more (seconds) and restart Windows.`,
    },
  ];
}

/** What keeps the Windows Subsystem for Linux from its GPU. */
function wslProblem({ gpu }: { readonly gpu: boolean }, drivers: readonly string[]): Problem {
  const native = 'Or run voxmask in Windows itself, where it uses Direct3D 12.';
  if (!gpu)
    return {
      what: 'This is WSL, and it passes no GPU on (no /dev/dxg).',
      fix: `Use WSL 2 ("wsl --update" in Windows) and the Windows driver of the GPU's maker; into a container, pass --device /dev/dxg and -v /usr/lib/wsl:/usr/lib/wsl. ${native}`,
    };
  const dzn = drivers.some((file) => /dzn/.test(file));
  return {
    what: dzn
      ? "This is WSL with a GPU (/dev/dxg), but Mesa's driver for it (dzn) gives no adapter that can be used."
      : 'This is WSL with a GPU (/dev/dxg), but no Vulkan driver for it.',
    fix: `It is Mesa's dzn (dzn_icd.json), which not every distribution builds; a driver of the GPU's maker for Linux does not work there. ${native}`,
  };
}

function vulkanProblems(findings: Findings, vulkan: VulkanSystem): Problem[] {
  const { nvidia, hardware, software, wsl } = findings;
  const { loader, drivers, renderNodes } = vulkan;
  const problems: Problem[] = [];
  if (!loader) {
    problems.push({
      what: 'The Vulkan loader (libvulkan.so.1) is missing.',
      fix: 'Install it (Debian and Ubuntu: libvulkan1; Fedora and RHEL: vulkan-loader).',
    });
  }
  const locked = renderNodes.filter((node) => !node.accessible).map((node) => node.path);
  if (locked.length > 0) {
    problems.push({
      what: `This user may not open ${locked.join(', ')}.`,
      fix: 'Join the group that owns it ("sudo usermod -aG render $USER", then log in again).',
    });
  }
  if (drivers.length === 0) {
    problems.push({
      what: 'No Vulkan driver is installed.',
      fix: "Install the NVIDIA driver, or Mesa's for AMD, Intel and computing on the processor (Debian and Ubuntu: mesa-vulkan-drivers, Mesa 23 or newer).",
    });
  } else if (!hardware && !software) {
    problems.push({
      what: `Vulkan drivers are installed (${drivers.map((file) => path.basename(file)).join(', ')}), but none gives an adapter that can be used.`,
      fix: 'Mesa older than 23 is refused; on Debian 12, install mesa-vulkan-drivers from bookworm-backports.',
    });
  }
  if (hardware) return problems;
  if (wsl) return [...problems, wslProblem(wsl, drivers)];
  if (nvidia && !drivers.some((file) => /nvidia/i.test(file))) {
    problems.push({
      what: 'An NVIDIA GPU is there, but not its Vulkan driver (nvidia_icd.json).',
      fix: 'Start the container with NVIDIA_DRIVER_CAPABILITIES=all, or install the whole NVIDIA driver, with graphics.',
    });
  } else if (nvidia) {
    problems.push({
      what: 'An NVIDIA GPU and its Vulkan driver are there, but the driver does not start.',
      fix: "It needs GLVND's libraries, which containers and nodes without a display often lack (Debian and Ubuntu: libegl1, libgl1 and libgles2).",
    });
  } else if (renderNodes.length === 0) {
    problems.push({
      what: 'No GPU is visible (no /dev/dri/renderD*).',
      fix: 'If the machine has one, pass it into the container (Docker: --device /dev/dri, or --gpus all).',
    });
  } else if (locked.length < renderNodes.length && drivers.length > 0) {
    problems.push({
      what: `A GPU is visible (${renderNodes.map((node) => node.path).join(', ')}), but no driver opens it.`,
      fix: "Install the Vulkan driver of the GPU's maker, or a newer Mesa.",
    });
  }
  return problems;
}

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
}

/** What stands between this machine and its GPU, the first thing to mend first. */
export function problemsOf(findings: Findings): Problem[] {
  const { platform, vulkan, hardware, libraryFault } = findings;
  if (libraryFault !== null) {
    return [
      {
        what: `The GPU library (package webgpu) does not load: ${libraryFault}`,
        fix: 'Install on this machine and for this Node ("npm ci"). It comes for Linux with glibc, macOS and Windows.',
      },
    ];
  }
  if (vulkan) return vulkanProblems(findings, vulkan);
  if (hardware) return [];
  const fix =
    platform === 'win32'
      ? 'Install the driver of the GPU\'s maker; "--adapter Microsoft" computes on the processor.'
      : 'A virtual machine must be given one; every Mac with macOS 12 or newer has one.';
  return [{ what: 'No GPU can be opened.', fix }];
}

function vulkanProblems({ nvidia, hardware, software }: Findings, vulkan: VulkanSystem): Problem[] {
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

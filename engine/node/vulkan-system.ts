import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const LIBRARY_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/lib64',
  '/usr/local/lib',
];
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];

/** What a Linux system has of Vulkan, without loading any of it. */
export interface VulkanSystem {
  /** path of the loader libvulkan.so.1, or null */
  readonly loader: string | null;
  /** driver manifests that a loader would find */
  readonly drivers: readonly string[];
  /** render nodes of GPUs, and whether this user may open them */
  readonly renderNodes: readonly { readonly path: string; readonly accessible: boolean }[];
}

export function inspectVulkan(): VulkanSystem {
  const loader =
    LIBRARY_FOLDERS.map((folder) => path.join(folder, 'libvulkan.so.1')).find(existsSync) ?? null;
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  const drivers = named
    ? named.split(path.delimiter).filter(existsSync)
    : DRIVER_FOLDERS.flatMap(list).filter((file) => file.endsWith('.json'));
  const renderNodes = list('/dev/dri')
    .filter((file) => path.basename(file).startsWith('renderD'))
    .map((file) => ({ path: file, accessible: accessible(file) }));
  return { loader, drivers, renderNodes };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).map((file) => path.join(folder, file));
  } catch {
    return [];
  }
}

function accessible(file: string): boolean {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

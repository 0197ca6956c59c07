import { totalmem } from 'node:os';

/** Bytes of memory that this process may use: the machine's, or what a container or batch system allows of it. */
export function machineMemory(): number {
  const allowed = process.constrainedMemory(); // 0, or beyond all bounds, where nothing is said
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

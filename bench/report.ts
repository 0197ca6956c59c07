import type { KernelResult } from './kernels.ts';
import type { MeasuredLimits } from './limits.ts';
import type { PeerResult } from './peer.ts';
import type { StepResult } from './steps.ts';

/** Everything a bench measured; sections that were not asked for are empty. */
export interface BenchReport {
  readonly limits: MeasuredLimits;
  readonly kernels: readonly KernelResult[];
  readonly steps: readonly StepResult[];
  readonly scaling: readonly StepResult[];
  readonly peers: readonly PeerResult[];
}

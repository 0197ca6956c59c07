/** A peer's time for the same work at the same shape on the same machine. */
export interface PeerResult {
  /** such as "PyTorch 2.13 cpu" */
  readonly peer: string;
  readonly what: string;
  readonly shape: string;
  readonly batch: number;
  readonly seconds: number | null;
  /** ours beside it where it was timed with the peer, in seconds */
  readonly ourSeconds?: number;
  readonly peakBytes?: number;
  readonly ourPeakBytes?: number;
  /** why there is no time, or what was different */
  readonly note?: string;
}

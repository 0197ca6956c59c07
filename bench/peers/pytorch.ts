import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Architecture } from '../../model/architecture.ts';
import type { PeerResult } from '../peer.ts';
import type { Work } from '../subject.ts';

/** What PyTorch is asked to time. */
export interface PytorchOptions {
  readonly python: string;
  readonly architecture: Architecture;
  readonly work: Work;
  readonly batch: number;
  readonly repetitions: number;
  /** whether the CPU is timed where there is a CUDA device too */
  readonly cpu: boolean;
  /** whether torch.compile is timed on CUDA, which takes a minute for each case */
  readonly compiled: boolean;
}

/** Whether an interpreter is there and has PyTorch. */
export function hasPytorch(python: string): boolean {
  return spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
}

/**
 * Times the same work in PyTorch: on the CPU, and on CUDA (eager and compiled, tf32 off and on) where it has it. Every
 * case has a process of its own, so that its memory can be told.
 *
 * @throws Error with what Python said when it fails
 */
export async function pytorchPeer(
  { python, architecture, work, batch, repetitions, cpu, compiled }: PytorchOptions,
  signal?: AbortSignal,
): Promise<PeerResult[]> {
  const { channels, subBlocks, inputShape, dropout } = architecture;
  const cases = [{ what: work, batch }];
  const options = { channels, subBlocks, inputShape, dropout, cases, repetitions, cpu, compiled };
  const child = spawn(python, [script(), JSON.stringify(options)], {
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const results: PeerResult[] = [];
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    results.push({ ...JSON.parse(line), shape: inputShape.join(' x ') });
  }
  if ((await ended) !== 0) throw new Error(`PyTorch failed: ${said.trim().split('\n').at(-1)}`);
  return results;
}

/** The script lies in the sources, which a built program finds from its package's folder. */
function script(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'bench', 'peers', 'pytorch.py');
    if (existsSync(file)) return file;
    if (folder === path.dirname(folder)) throw new Error('bench/peers/pytorch.py is missing');
  }
}

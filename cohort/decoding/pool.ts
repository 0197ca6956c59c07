import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { InputError } from '../error.ts';
import { type Decoded, type DecodeJob, decodeImage } from './job.ts';
import type { Answer } from './worker.ts';

const MOST_WORKERS = 6; // a GPU takes a few hundred images per second at most; one thread decodes some 25

interface Waiting {
  readonly job: DecodeJob;
  readonly resolve: (decoded: Decoded) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Threads that decode images beside the one that feeds the GPU. They start with the first job, and hold the process open
 * only while they have work.
 */
class DecodingPool {
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Waiting>();
  private readonly queue: Waiting[] = [];
  private readonly script: URL;
  private readonly size: number;

  constructor(script: URL, size: number) {
    this.script = script;
    this.size = size;
  }

  decode(job: DecodeJob): Promise<Decoded> {
    return new Promise((resolve, reject) => {
      this.queue.push({ job, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    while (this.queue.length > 0) {
      const worker = this.idle.pop() ?? (this.busy.size < this.size ? this.start() : undefined);
      if (!worker) return;
      const waiting = this.queue.shift()!;
      this.busy.set(worker, waiting);
      worker.ref();
      worker.postMessage(waiting.job);
    }
  }

  private start(): Worker {
    const worker = new Worker(this.script, { execArgv: [] }); // flags of the program may not suit a thread
    worker.on('message', (answer: Answer) => {
      const waiting = this.busy.get(worker)!;
      this.busy.delete(worker);
      worker.unref();
      this.idle.push(worker);
      if ('decoded' in answer) waiting.resolve(answer.decoded);
      else waiting.reject('refused' in answer ? refusal(answer.refused) : new Error(answer.failed));
      this.next();
    });
    worker.on('error', (error) => {
      // The thread is gone (out of memory, say); its job fails with what ended it.
      this.busy.get(worker)?.reject(error);
      this.busy.delete(worker);
      this.next();
    });
    return worker;
  }
}

function refusal({ where, what, fix }: { where: string; what: string; fix: string }): InputError {
  return new InputError(where, what, fix);
}

let pool: DecodingPool | null = null;

/**
 * Decodes an image in a thread of its own. Where the program runs from its TypeScript source, which threads cannot load, the
 * compiled one beside it is taken; without any, the image is decoded here, with the same result.
 *
 * @throws InputError as `decodeImage`
 */
export async function decodeAside(job: DecodeJob): Promise<Decoded> {
  const script = workerScript();
  if (script === null) return decodeImage(job);
  pool ??= new DecodingPool(script, Math.min(MOST_WORKERS, Math.max(1, availableParallelism() - 1)));
  return pool.decode(job);
}

/** The worker's compiled file; null where nothing is compiled. */
function workerScript(): URL | null {
  const compiled = import.meta.url.endsWith('.ts') ? '../../dist/cohort/decoding/worker.js' : './worker.js';
  const script = new URL(compiled, import.meta.url);
  return existsSync(fileURLToPath(script)) ? script : null;
}

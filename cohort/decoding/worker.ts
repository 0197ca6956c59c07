import { parentPort } from 'node:worker_threads';
import { InputError } from '../error.ts';
import { type Decoded, type DecodeJob, decodeImage } from './job.ts';

/** What a worker thread says of a job: the image, or why there is none. An error's class does not cross threads. */
export type Answer =
  | { readonly decoded: Decoded }
  | { readonly refused: { readonly where: string; readonly what: string; readonly fix: string } }
  | { readonly failed: string };

parentPort?.on('message', (job: DecodeJob) => {
  const answer = answerTo(job);
  const moved = 'decoded' in answer ? [answer.decoded.data.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(answer, moved);
});

function answerTo(job: DecodeJob): Answer {
  try {
    return { decoded: decodeImage(job) };
  } catch (error) {
    if (error instanceof InputError) {
      const { where, what, fix } = error;
      return { refused: { where, what, fix } };
    }
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

import { execFileSync } from 'node:child_process';

/** Before any test: bring the files that hold others as text up to date: kernels/index.ts and report/browser/index.ts. */
export default function setup(): void {
  for (const script of ['embed-kernels', 'embed-browser'])
    execFileSync(process.execPath, [`scripts/${script}.mjs`], { stdio: 'inherit' });
}

import { execFileSync } from 'node:child_process';

/** Before any test: bring kernels/index.ts up to date with the .wgsl files beside it. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/embed-kernels.mjs'], { stdio: 'inherit' });
}

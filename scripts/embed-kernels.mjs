// Writes kernels/index.ts: every .wgsl file of kernels/ as a string, by name, so that the engine needs no file
// system (it runs in a browser unchanged). A line `//#include NAME` becomes the text of kernels/shared/NAME.wgsl.
// Rewritten only when a kernel changed.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const folder = new URL('../kernels/', import.meta.url);
const entries = readdirSync(folder)
  .filter((file) => file.endsWith('.wgsl'))
  .sort()
  .map((file) => `  ${file.slice(0, -'.wgsl'.length)}: ${JSON.stringify(withShared(read(file)))},`);
const text = `// Made by scripts/embed-kernels.mjs from the .wgsl files beside it.
/** WGSL source of every kernel, by name. */
export const kernels = {
${entries.join('\n')}
} as const;

/** A kernel's name: its file name without .wgsl. */
export type KernelName = keyof typeof kernels;
`;
const target = new URL('index.ts', folder);
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);

function read(file) {
  return readFileSync(new URL(file, folder), 'utf8');
}

function withShared(source) {
  return source.replace(/^\/\/#include (\w+)$/gm, (_, name) => read(`shared/${name}.wgsl`).trimEnd());
}

#!/usr/bin/env node
import { endQuietlyOnClosedPipe, exitCode, reportFailure } from './fail.ts';
import { main } from './run.ts';
import { endWithStudy } from './study/child.ts';
import { guardTerminal } from './terminal.ts';

guardTerminal([process.stdout, process.stderr]);
endQuietlyOnClosedPipe();
process.on('uncaughtException', (error) => {
  reportFailure(error);
  process.exit(exitCode(error));
});
endWithStudy();
const code = await main(process.argv.slice(2));
if (code !== 0) process.exitCode = code;

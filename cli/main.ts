#!/usr/bin/env node
import { endQuietlyOnClosedPipe, exitCode, reportFailure } from './fail.ts';
import { main } from './run.ts';

endQuietlyOnClosedPipe();
process.on('uncaughtException', (error) => {
  reportFailure(error);
  process.exit(exitCode(error));
});
// A command that a study runs as a process of its own ends with it.
if (process.channel) {
  process.on('disconnect', () => process.exit(1));
  process.channel.unref();
}
const code = await main(process.argv.slice(2));
if (code !== 0) process.exitCode = code;

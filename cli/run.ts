import yargs from 'yargs';
import { describeNotes, forgetReadings } from '../cohort/reading-notes.ts';
import { withoutDashes } from './after-dashes.ts';
import { commandNamed, leafCommands, wordOf } from './command-tree.ts';
import { commands } from './commands/index.ts';
import { exitCode, reportFailure, UsageError } from './fail.ts';
import { forceUnlocking } from './jobs/output.ts';
import { limitMemory } from './memory.ts';
import { checkWords, unknownOption } from './strict-words.ts';
import { voxmaskVersion } from './versions.ts';

/**
 * Runs one command line. Results go to standard output, all else to standard error.
 *
 * @param argv the words after the program's name
 * @returns the exit code: 0, or what `exitCode` says of the failure, which has then been reported
 */
export async function main(argv: readonly string[]): Promise<number> {
  const named = commandNamed(commands, argv);
  forgetReadings();
  try {
    if (named && !asksForHelp(argv)) checkWords(argv, named);
    await parser(withoutDashes(argv)).parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof UsageError && named) error.command = named.name;
    reportFailure(error);
    return exitCode(error);
  } finally {
    process.stderr.write(describeNotes());
  }
}

function parser(argv: readonly string[]) {
  const shell = yargs([...argv])
    .scriptName('voxmask')
    .usage('$0 <command> [options]\n\nWhich parts of the brain did a 3D CNN base its decision on?')
    .locale('en')
    .version(voxmaskVersion())
    .help()
    .alias('help', 'h')
    .option('quiet', {
      alias: 'q',
      type: 'boolean',
      default: false,
      global: true,
      describe: 'No progress on standard error',
    })
    .option('force-unlock', {
      type: 'boolean',
      default: false,
      global: true,
      describe: 'Take a folder that a process which is gone seems to hold still',
    })
    .middleware((args) => forceUnlocking(args['force-unlock'] === true))
    .middleware(({ memory }) => limitMemory(memory as number | undefined))
    // else --seed.x 5 would pass for --seed
    .parserConfiguration({ 'dot-notation': false })
    .strict()
    .strictCommands()
    .recommendCommands()
    .demandCommand(1, 'No command was given.')
    .exitProcess(false)
    .fail((message, error) => {
      // Without an error of a command's own, it is yargs that did not understand the command line.
      throw error && !message ? error : new UsageError(sentence(message, argv), commandOf(argv));
    });
  for (const command of commands) shell.command(command);
  return shell.wrap(Math.min(100, shell.terminalWidth() || 80));
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? undefined : end).some((word) => /^(--help|-h|--version)$/.test(word));
}

/** The command that a command line names, if any. */
function commandOf(argv: readonly string[]): string | undefined {
  const names = commands.map(wordOf);
  return argv.find((word) => names.includes(word));
}

/** What yargs says, on one line and in words that name the thing to mend. */
function sentence(message: string, argv: readonly string[]): string {
  const text = message.trim().replace(/\s*\n\s*/g, ' ');
  if (text.startsWith('Did you mean')) return `Unknown command: ${unknownCommand(argv)}. ${text}`;
  const group = commands.find((command) => wordOf(command) === argv[0]);
  if (text.startsWith('Unknown command') && group && 'subcommands' in group) {
    const names = leafCommands([group]).map(({ name }) => `voxmask ${name}`);
    return `Unknown command: ${unknownCommand(argv)}. There are: ${names.join(', ')}`;
  }
  if (text.startsWith('Not enough non-option arguments')) {
    const used = commands.find((command) => wordOf(command) === commandOf(argv));
    return `An argument is missing: voxmask ${used?.command}`;
  }
  const [first = ''] = argv;
  if (text.startsWith('No command') && first.startsWith('-')) return unknownOption(first, []) ?? text;
  return text;
}

/** The words that name no command: the first, or with a command before it that has subcommands, both. */
function unknownCommand(argv: readonly string[]): string {
  const [first, second] = argv.filter((word) => !word.startsWith('-'));
  return commands.some((command) => wordOf(command) === first) ? `${first} ${second}` : first;
}

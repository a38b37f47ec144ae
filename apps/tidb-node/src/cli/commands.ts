import type { Command } from 'commander';
import { SettingError } from '../setting-error.js';

/** Runs `action` where no subcommand is named, and names the word that is none. Subcommands have to be there already. */
export function otherwise<Flags>(command: Command, action: (flags: Flags) => Promise<void>): void {
  // Commander's own message does not say which word it did not expect.
  command.allowExcessArguments().action((flags: Flags, { args }: Command) => {
    if (args.length > 0) {
      throw new SettingError(`unknown command "${args[0]}"; see ${command.name()} --help for what there is`);
    }
    return action(flags);
  });
}

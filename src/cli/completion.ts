import type { Command } from 'commander'

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const

/** What the shell calls back to ask what could come next. Not shown in the help. */
const request = 'complete'

/**
 * `completion <shell>` prints the script that a shell reads. The library behind it is loaded only when it is
 * asked for: it walks over every command.
 */
export async function addCompletion(program: Command, argv: readonly string[]): Promise<void> {
  if (!argv.includes('completion') && argv[0] !== request) {
    program
      .command('completion')
      .summary('print the completion script of a shell')
      .argument('<shell>', `one of ${shells.join(', ')}`)
    return
  }
  const { default: tab } = await import('@bomb.sh/tab/commander')
  tab(program, { completionCommandName: 'completion' })
}

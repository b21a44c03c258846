import type { Command } from 'commander'

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const

/** The shell calls this to ask for completions. Not shown in the help. */
const request = 'complete'

/**
 * `completion <shell>` prints a completion script. The library behind it is loaded only when needed: it walks
 * over every command.
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

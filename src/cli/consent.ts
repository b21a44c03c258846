import { interrupted, RevectorError } from '../core/errors.ts'
import type { GlobalFlags, Terminal } from './terminal.ts'

/**
 * Asks for confirmation before something is lost or locked: `--yes`, or an answer at the terminal.
 *
 * @throws RevectorError CONSENT_MISSING without either, INTERRUPTED on Ctrl-C
 */
export async function askConsent(terminal: Terminal, flags: GlobalFlags, question: string): Promise<void> {
  if (flags.yes === true) return
  const refused = (message: string, hint: string) => new RevectorError('CONSENT_MISSING', message, { hint })
  if (!terminal.interactive)
    throw refused(`This needs confirmation: ${question}`, 'Add --yes to confirm beforehand.')
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr })
  if (isCancel(answer)) throw interrupted()
  if (!answer) throw refused('Not confirmed: nothing was changed.', 'Run the command again and answer yes.')
}

/** One of the choices, or another text. Only at a terminal. */
export async function askName(question: string, choices: readonly string[]): Promise<string> {
  const { isCancel, select, text } = await import('@clack/prompts')
  const output = process.stderr
  if (choices.length > 0) {
    const other = 'another one'
    const options = [...choices, other].map((value) => ({ value, label: value }))
    const chosen = await select({ message: question, options, output })
    if (isCancel(chosen)) throw interrupted()
    if (chosen !== other) return chosen
  }
  const typed = await text({
    message: choices.length > 0 ? 'Its name?' : question,
    output,
    validate: (value) => ((value ?? '').trim() === '' ? 'Enter a name.' : undefined),
  })
  if (isCancel(typed)) throw interrupted()
  return typed.trim()
}

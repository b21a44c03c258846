import { CommanderError } from 'commander'
import { errorCatalogue, isRevectorError, RevectorError } from '../core/errors.ts'
import type { Redactor } from '../logs/redact.ts'
import { snakeKeys } from '../wire/codec.ts'
import type { Style } from './text.ts'

/** Converts any thrown value to the one error type. */
export function asRevectorError(error: unknown): RevectorError {
  if (isRevectorError(error)) return error
  if (error instanceof CommanderError) return wrongUsage(error)
  const message = error instanceof Error ? error.message : String(error)
  return new RevectorError('INTERNAL', `Internal error: ${message}`, {
    hint: 'Run the command again with --verbose to see where, and report it with that output.',
    cause: error,
  })
}

export function exitCodeOf(error: RevectorError): number {
  return errorCatalogue[error.code].exit
}

/** The one JSON document of a failed command. */
export function failureDocument(error: RevectorError, redactor: Redactor): { readonly error: object } {
  const { code, hint, data, message } = error
  const document = { ...(snakeKeys(data) as object), code, message, hint }
  const { code: _c, message: _m, hint: _h, ...rest } = document
  return { error: redactor.value({ code, message, hint, ...rest }) as object }
}

export function failureText(error: RevectorError, redactor: Redactor, style: Style): string {
  const lines = [`${style.red('error:')} ${error.message}`]
  if (error.hint !== '') lines.push(`${style.cyan(' hint:')} ${error.hint}`)
  return redactor.text(lines.join('\n'))
}

/** The stack trace, with every cause. */
export function failureTrace(error: RevectorError, redactor: Redactor): string {
  const lines: string[] = []
  for (let at: unknown = error; at !== undefined && lines.length < 10; ) {
    lines.push(at instanceof Error ? (at.stack ?? String(at)) : String(at))
    at = at instanceof Error ? at.cause : undefined
  }
  return redactor.text(lines.join('\ncaused by: '))
}

function wrongUsage(error: CommanderError): RevectorError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = rest.join(' ').replace(/^\((.*)\)$/, '$1')
  const sentence = first.charAt(0).toUpperCase() + first.slice(1).replace(/\.?$/, '.')
  const usual = unquoted(error) ?? 'Add --help to the command to see its options.'
  return new RevectorError('INVALID_INPUT', sentence, { hint: suggestion === '' ? usual : suggestion })
}

/** A question of several words without quotes, for a command that takes one argument. */
function unquoted({ code, message }: CommanderError): string | null {
  const command = /for '(search|ask)'/.exec(message)?.[1]
  if (code !== 'commander.excessArguments' || command === undefined) return null
  return `Put the question in quotes: revector ${command} "how do I close the pool?"`
}

import type { Command } from 'commander'
import type { AuditEntry } from '../library/revector.ts'
import { auditPage } from '../wire/access.ts'
import { encode } from '../wire/codec.ts'
import { wholeNumber } from './arguments.ts'
import type { Context, Start } from './run.ts'
import { plain, type Style, table } from './text.ts'

interface Flags {
  readonly limit: number
  readonly before?: string
}

export function addAudit(program: Command, start: Start): void {
  program
    .command('audit')
    .summary('list the changes and who made them')
    .description('Lists changes made over HTTP, by commands or by agents, newest first.')
    .option('--limit <n>', 'number of entries, 1 to 1,000', wholeNumber('--limit', 1, 1_000), 50)
    .option('--before <id>', 'only entries before this one')
    .action((flags: Flags) => start((context) => list(context, flags)))
}

async function list(context: Context, flags: Flags): Promise<undefined> {
  const page = await context.revector.audit.list(flags)
  const { entries, next } = page
  context.result(encode(auditPage, page), () => listText(entries, context.terminal.style))
  if (next !== null && !context.terminal.json) {
    context.terminal.note(context.terminal.noteStyle.dim(`More: add --before ${next}`))
  }
}

function listText(entries: readonly AuditEntry[], style: Style): string {
  if (entries.length === 0) return 'No changes yet.'
  const columns = ['AT', 'WHO', 'DID', 'TO', 'ANSWER'].map((header) => ({ header }))
  const rows = entries.map((entry) => [
    entry.at.toISOString().slice(0, 19).replace('T', ' '),
    plain(entry.actor),
    plain(entry.action),
    plain(entry.subject),
    entry.status === null ? '–' : String(entry.status),
  ])
  return table(columns, rows, style)
}

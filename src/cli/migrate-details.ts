import { encode } from '../wire/codec.ts'
import { quarantinedChunk } from '../wire/migration.ts'
import { type MigrationEvent, migrationEvent } from '../wire/migration-event.ts'
import { moment } from './migration-text.ts'
import type { Context } from './run.ts'
import { plain, type Style, table } from './text.ts'

interface EventFlags {
  readonly after?: number
  readonly follow?: boolean
}

/** With --json, all events in one document at the end; otherwise each as it happens. */
export async function events(
  context: Context,
  id: number | undefined,
  flags: EventFlags,
): Promise<undefined> {
  const { signal } = context.longCall()
  const { terminal } = context
  const request = { follow: flags.follow === true, signal, migrationId: id, after: flags.after }
  const seen: MigrationEvent[] = []
  for await (const event of context.revector.migrations.events(request)) {
    seen.push(event)
    if (!terminal.json) terminal.print(eventLine(event, terminal.style))
  }
  if (terminal.json) context.result({ events: seen.map((event) => encode(migrationEvent, event)) }, () => '')
}

function eventLine({ id, at, actor, type, data }: MigrationEvent, style: Style): string {
  const details = Object.entries(data)
    .filter(
      ([key, value]) =>
        key !== 'worker' && value !== null && value !== 0 && !['{}', '[]'].includes(JSON.stringify(value)),
    )
    .map(([key, value]) => `${key} ${detail(value)}`)
    .join(', ')
  const who = style.dim(`by ${plain(shorter(actor))}`)
  const what = style.bold(type.replaceAll('_', ' '))
  return [style.dim(`${id}  ${moment(at)}`), what, ...(details === '' ? [] : [plain(details)]), who].join(
    '  ',
  )
}

/** The beginning of a worker's id is enough to tell it from others. */
function shorter(actor: string): string {
  return actor.replace(/\b([0-9a-f]{8})-[0-9a-f-]{27}\b/, '$1')
}

function detail(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 6 })
  if (typeof value !== 'object' || value === null) return String(value)
  // A reason has a message, and a hint that was only valid at its time.
  return 'message' in value && typeof value.message === 'string' ? value.message : JSON.stringify(value)
}

export async function quarantine(
  context: Context,
  id: number | undefined,
  flags: { readonly limit: number; readonly after?: string },
): Promise<undefined> {
  const found = await context.revector.migrations.quarantine(id, flags)
  const { style } = context.terminal
  const columns = [
    { header: 'CHUNK' },
    { header: 'TRIED', align: 'right' as const },
    { header: 'CODE' },
    { header: 'REASON' },
  ]
  context.result({ quarantine: found.map((one) => encode(quarantinedChunk, one)) }, () =>
    found.length === 0
      ? 'Nothing is in quarantine.'
      : [
          table(
            columns,
            found.map((one) => [
              one.chunkId,
              String(one.attempts),
              style.yellow(one.code),
              plain(one.reason),
            ]),
            style,
          ),
          '',
          'Change or remove their documents, or retry: revector migrate retry',
        ].join('\n'),
  )
}

import { encode } from '../wire/codec.ts'
import { type MigrationStatus, migration, migrationStatus } from '../wire/migration.ts'
import { isMoving, migrationsText, statusText } from './migration-text.ts'
import type { Context } from './run.ts'
import { openScreen } from './screen.ts'

export interface StatusFlags {
  readonly watch?: boolean
}

/** How often a watched migration is read. */
const lookEveryMs = 1_000

export async function status(
  context: Context,
  id: number | undefined,
  flags: StatusFlags,
): Promise<undefined> {
  const { migrations } = context.revector
  const first = await migrations.status(id)
  const found = flags.watch === true ? await watch(context, first) : first
  context.result(encode(migrationStatus, found), () => statusText(found, context.terminal.style))
}

/** Redraws until the migration stops moving, or Ctrl-C. */
async function watch(context: Context, first: MigrationStatus): Promise<MigrationStatus> {
  const { terminal, revector } = context
  const { signal } = context.longCall()
  const screen = openScreen(terminal)
  let seen = first
  try {
    while (isMoving(seen.state) && !signal.aborted) {
      screen.draw(statusText(seen, terminal.noteStyle))
      await pause(lookEveryMs, signal)
      seen = await revector.migrations.status(seen.id)
    }
  } finally {
    screen.close()
  }
  return seen
}

export async function list(context: Context): Promise<undefined> {
  const found = await context.revector.migrations.list()
  context.result({ migrations: found.map((one) => encode(migration, one)) }, () =>
    migrationsText(found, context.terminal.style),
  )
}

/** Ends early if the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

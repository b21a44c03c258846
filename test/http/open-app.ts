import { onTestFinished } from 'vitest'
import type { Options } from '../../src/config/config.ts'
import type { AppDeps } from '../../src/http/app.ts'
import type { App } from '../../src/http/route.ts'
import { type CreateOptions, createRevector, type Revector } from '../../src/library/revector.ts'
import type { Log } from '../../src/logs/log.ts'
import { type Engine, embedded } from '../support/engines.ts'
import { openApp as appOver, serveOptions } from './support/service.ts'

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface OpenApp {
  readonly app: App
  readonly revector: Revector
  readonly log: readonly LogLine[]
}

/** The application over a fresh database of its own, closed after the test. Answers outside the contract are errors. */
export async function openApp(
  given: {
    readonly engine?: Engine
    readonly serve?: NonNullable<Options['serve']>
    readonly library?: Omit<CreateOptions, 'databaseUrl' | 'dataDir'>
    readonly deps?: Partial<AppDeps>
  } = {},
): Promise<OpenApp> {
  const { engine = embedded } = given
  const revector = await createRevector({
    ...(await engine.readyPlace()),
    logLevel: 'silent',
    ...given.library,
  })
  const { log, lines } = recordingLog()
  const app = await appOver(revector, { options: serveOptions(given.serve), log, ...given.deps })
  onTestFinished(async () => {
    // A client keeps one in reserve, which the server would wait a minute for.
    app.server.closeAllConnections()
    await app.close()
    await revector.db.close()
  })
  return { app, revector, log: lines }
}

export function recordingLog(): { readonly log: Log; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const at =
    (level: string) =>
    (message: string, fields: LogLine['fields'] = {}): void => {
      lines.push({ level, message, fields })
    }
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { log: { ...log, event: () => {}, close: () => {} }, lines }
}

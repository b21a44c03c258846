import { onTestFinished } from 'vitest'
import { type Options, optionsSchema } from '../../src/config.ts'
import { type AppParts, createApp } from '../../src/http/app.ts'
import type { App } from '../../src/http/route.ts'
import type { Log } from '../../src/logs/log.ts'
import { createRedactor } from '../../src/logs/redact.ts'
import { type CreateOptions, createRevector, type Revector } from '../../src/revector.ts'
import { type Engine, embedded } from '../support/engines.ts'

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
    readonly parts?: Partial<AppParts>
  } = {},
): Promise<OpenApp> {
  const { engine = embedded } = given
  const revector = await createRevector({ ...(await engine.place()), logLevel: 'silent', ...given.library })
  const { log, lines } = recordingLog()
  const app = await createApp({
    revector,
    // A machine that is busy with other tests is no reason to turn requests away.
    options: optionsSchema.parse({ serve: { maxEventLoopDelayMs: 0, ...given.serve } }).serve,
    log,
    redactor: createRedactor(),
    version: '0.0.0',
    languageModel: null,
    workerRunning: () => false,
    checkAnswers: true,
    ...given.parts,
  })
  onTestFinished(async () => {
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

import { onTestFinished } from 'vitest'
import { type Options, optionsSchema } from '../../../src/config/config.ts'
import type { ServeOptions } from '../../../src/config/serve-options.ts'
import { type AppDeps, createApp } from '../../../src/http/app.ts'
import type { App } from '../../../src/http/route.ts'
import { createRevector, type Revector } from '../../../src/library/revector.ts'
import { silentLog } from '../../../src/logs/log.ts'
import { createRedactor } from '../../../src/logs/redact.ts'
import { mcpRoutes } from '../../../src/mcp/http.ts'
import type { Engine } from '../../support/engines.ts'

/** Two models without weights, of which `small` is current. */
export const small = 'lexical-hash-64'
export const wide = 'lexical-hash-384'

/** A library over a fresh database. Closed by whoever opened it. */
export async function openLibrary(engine: Engine): Promise<Revector> {
  const revector = await createRevector(await engine.readyPlace())
  await fillLibrary(revector)
  return revector
}

/** What every library of these tests has. */
export async function fillLibrary(revector: Revector): Promise<void> {
  await revector.db.initialize()
  await revector.models.add({ modelName: small, dimension: 64, provider: 'lexical-hash' })
  await revector.models.add({ modelName: wide, dimension: 384, provider: 'lexical-hash' })
  await revector.models.use(small, { force: true })
}

/** A machine that is busy with other tests is no reason to turn requests away, or to call its database late. */
export function serveOptions(changes: Options['serve'] = {}): ServeOptions {
  return optionsSchema.parse({ serve: { maxEventLoopDelayMs: 0, readyTimeoutMs: 60_000, ...changes } }).serve
}

/** The tools for agents, as `revector serve` has them. */
export function withAgents(onFault: (error: unknown) => void = () => {}): NonNullable<AppDeps['extend']> {
  return (app, { revector }) => mcpRoutes(app, { revector, version: '0.0.0-test', onFault })
}

/** The application over a library, its answers held to the contract. */
export async function openApp(revector: Revector, changes: Partial<AppDeps> = {}): Promise<App> {
  const app = await createApp({
    revector,
    options: serveOptions(),
    log: silentLog,
    redactor: createRedactor(),
    version: '0.0.0-test',
    languageModel: null,
    workerRunning: () => false,
    checkAnswers: true,
    extend: withAgents(),
    ...changes,
  })
  await app.ready()
  return app
}

/** Both, ended after the test. */
export async function openService(
  engine: Engine,
  changes: Partial<AppDeps> = {},
): Promise<{ readonly app: App; readonly revector: Revector }> {
  const revector = await openLibrary(engine)
  const app = await openApp(revector, changes)
  onTestFinished(async () => {
    await app.close()
    await revector.db.close()
  })
  return { app, revector }
}

/** Works until nothing is left to do. */
export async function workAll(revector: Revector): Promise<void> {
  await revector.migrations.work({ once: true })
}

import type { App } from '../../../src/http/route.ts'
import { createRevector, type Revector } from '../../../src/library/revector.ts'
import type { Engine } from '../../support/engines.ts'
import { type FakeProvider, type Fault, fakeProvider } from '../../support/providers/server.ts'
import { type Call, call } from '../support/calls.ts'
import { fillLibrary, openApp, serveOptions, small, wide, workAll } from '../support/service.ts'

/** One library with all that provocations need, and applications over it. */
export interface World {
  readonly revector: Revector
  readonly app: App
  /** Takes next to nothing. */
  readonly tight: App
  /** Every call of its library fails as no call should. */
  readonly broken: App
  /** Has more memory than it may. */
  readonly full: App
  /** Told to stop. */
  readonly stopping: App
  /** Of the model `hosted`. */
  readonly provider: FakeProvider
  /** Of a document that is not removed. */
  readonly documentId: string
  close(): Promise<void>
}

export const hosted = 'hosted'
/** Its provider announced its end. */
export const ending = 'gemini-embedding-001'

export async function openWorld(engine: Engine): Promise<World> {
  const provider = await fakeProvider('openai', 8)
  const revector = await createRevector({
    ...(await engine.readyPlace()),
    logLevel: 'silent',
    modelLimits: { [hosted]: { maxAttempts: 1 } },
    // Without an address: nothing can be asked.
    languageModel: { provider: 'openai-compatible', model: 'nowhere' },
  })
  await fillLibrary(revector)
  const provided = { provider: 'openai-compatible', baseUrl: provider.url } as const
  await revector.models.add({ modelName: hosted, dimension: 8, ...provided })
  await revector.models.add({ modelName: ending })
  const store = (content: string, embeddingModel?: string) =>
    revector.ingestion.ingestDocument({
      title: content,
      content,
      embeddingModel,
    })
  const documentId = await store('Green tea is not fermented.')
  await store('Black tea is fermented.', hosted)
  const apps = {
    app: await openApp(revector),
    tight: await openApp(revector, { options: serveOptions({ maxBodyBytes: 2_000, maxUploadFiles: 1 }) }),
    broken: await openApp(brokenCopy(revector)),
    full: await openApp(revector, { options: serveOptions({ maxRssBytes: 1 }) }),
    stopping: await openApp(revector),
  }
  apps.stopping.stop.begin()
  return {
    ...{ revector, provider, documentId, ...apps },
    async close() {
      for (const app of Object.values(apps)) await app.close()
      await revector.db.close()
    },
  }
}

/** The same calls, each of which fails but those by which it is known who asks. */
function brokenCopy(revector: Revector): Revector {
  const fails = () => {
    throw new TypeError('cannot read properties of undefined')
  }
  const broken = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get: (target, name) =>
        typeof Reflect.get(target, name) === 'function' ? fails : Reflect.get(target, name),
    })
  const { db, models, ingestion, migrations, documents, answers, retriever, idempotency } = revector
  const deps = { db, models, ingestion, migrations, documents, answers, retriever, idempotency }
  return {
    ...revector,
    ...(Object.fromEntries(Object.entries(deps).map(([name, part]) => [name, broken(part)])) as typeof deps),
    doctor: fails,
  }
}

/** Asks while the provider of `hosted` fails once. */
export async function failing({ app, provider }: World, fault: Fault, id: string, request: Call) {
  provider.fail(fault)
  return call(app, id, request)
}
export const refuses: Fault = { status: 401 }
export const isDown: Fault = { status: 500 }

/** Asks something of a migration that was just started, and gives it up afterwards. */
export async function moving<T>(
  { app, revector }: World,
  { target = wide, filled = false }: { readonly target?: string; readonly filled?: boolean },
  work: (ask: (id: string, body?: object) => ReturnType<typeof call>, id: string) => Promise<T>,
): Promise<T> {
  const limits = { rollbackWindowSeconds: 0, gates: { overlap: null } }
  const { id } = await revector.migrations.start({ sourceModel: small, targetModel: target, ...limits })
  if (filled) await workAll(revector)
  try {
    return await work((operation, body = {}) => call(app, operation, { params: { id }, body }), String(id))
  } finally {
    await revector.migrations.cancel(id).catch(() => {})
  }
}

import { expect, it, onTestFinished } from 'vitest'
import { startService } from '../../src/http/serve.ts'
import { silentLog } from '../../src/logs/log.ts'
import { createRedactor } from '../../src/logs/redact.ts'
import { embedded } from '../support/engines.ts'
import { openLibrary, serveOptions, wide } from './support/service.ts'

it('a service that was started before the upgrade is ready after it, and its worker works', async () => {
  const revector = await openLibrary(embedded)
  await revector.ingestion.ingestDocument({ title: 'Tea', content: 'Green tea is not fermented.' })
  await revector.db.rollback({ to: 3 })
  let ready = (): void => {}
  const becomesReady = new Promise<void>((resolve) => {
    ready = resolve
  })
  const warnings: string[] = []
  const service = await startService({
    revector,
    options: serveOptions({ port: 0 }),
    log: {
      ...silentLog,
      warn: (message) => void warnings.push(message),
      info: (message) => {
        if (message.startsWith('Ready: ')) ready()
      },
    },
    redactor: createRedactor(),
    version: '0.0.0',
    languageModel: null,
    work: true,
  })
  onTestFinished(async () => {
    await service.stop()
    await revector.db.close()
  })
  expect(warnings).toEqual([expect.stringMatching(/^Not ready: .*`revector db run`/)])
  const statusOf = async (path: string) => (await fetch(`${service.url}${path}`)).status
  expect(await statusOf('/readyz')).toBe(503)
  expect(await statusOf('/api/v1/documents')).toBe(503)

  await revector.db.run()
  await becomesReady
  expect(await statusOf('/readyz')).toBe(200)
  const { id } = await revector.migrations.start({ targetModel: wide })
  for await (const { type } of revector.migrations.events({ migrationId: id })) {
    if (type === 'passed') break
  }
  expect(await revector.migrations.status(id)).toMatchObject({ state: 'ready', doneChunks: 1 })
})

it('a service that is stopped before the upgrade waits for it no longer', async () => {
  const revector = await openLibrary(embedded)
  await revector.db.rollback({ to: 3 })
  const service = await startService({
    revector,
    options: serveOptions({ port: 0 }),
    log: silentLog,
    redactor: createRedactor(),
    version: '0.0.0',
    languageModel: null,
    work: true,
  })
  expect(await service.stop()).toMatchObject({ lost: 0 })
  await service.worker
  await revector.db.close()
})

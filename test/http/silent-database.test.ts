import { expect, it } from 'vitest'
import { type Service, startService } from '../../src/http/serve.ts'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { silentLog } from '../../src/logs/log.ts'
import { createRedactor } from '../../src/logs/redact.ts'
import { describeServer } from '../support/engines.ts'
import { type SilentProxy, silentProxy } from '../support/silent-proxy.ts'
import { serveOptions } from './support/service.ts'

async function service(
  databaseUrl: string,
  { statementTimeoutMs, work }: { readonly statementTimeoutMs: number; readonly work: boolean },
): Promise<{ readonly revector: Revector; readonly running: Service; readonly proxy: SilentProxy }> {
  const proxy = await silentProxy(databaseUrl)
  const revector = await createRevector({
    databaseUrl: proxy.databaseUrl,
    statementTimeoutMs,
    logLevel: 'silent',
  })
  const running = await startService({
    revector,
    options: serveOptions({ port: 0, stopDelayMs: 0, stopTimeoutMs: 1_000 }),
    log: silentLog,
    redactor: createRedactor(),
    version: '0.0.0-test',
    languageModel: null,
    work,
  })
  return { revector, running, proxy }
}

describeServer('a service whose database stops answering', (engine) => {
  it('answers 503, and stops in the time it has, whatever is under way', async () => {
    const { databaseUrl } = (await engine.readyPlace()) as { readonly databaseUrl: string }
    const limited = await service(databaseUrl, { statementTimeoutMs: 500, work: true })
    const unlimited = await service(databaseUrl, { statementTimeoutMs: 0, work: false })
    limited.proxy.swallow()
    unlimited.proxy.swallow()

    // Without a limit the request waits, and is cut off.
    const cut = fetch(`${unlimited.running.url}/api/v1/documents`).catch(() => 'cut off')
    await expect.poll(() => unlimited.proxy.swallowed(), { timeout: 20_000 }).toBeGreaterThan(0)
    const { lost, leftMs } = await unlimited.running.stop()
    await unlimited.revector.db.close({ patienceMs: leftMs })
    expect(await cut).toBe('cut off')
    expect(lost).toBe(1)

    const answered = await fetch(`${limited.running.url}/api/v1/documents`)
    expect(answered.status).toBe(503)
    expect(await answered.json()).toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    const stopped = await limited.running.stop()
    await limited.revector.db.close({ patienceMs: stopped.leftMs })
    for (const { proxy } of [limited, unlimited]) {
      await expect.poll(() => proxy.open(), { timeout: 20_000 }).toBe(0)
    }
  })
})

// The service of a library that is already open, in this process, on a free port.
import { optionsSchema } from '../dist/config/config.js'
import { startService } from '../dist/http/serve.js'
import { silentLog } from '../dist/logs/log.js'
import { createRedactor } from '../dist/logs/redact.js'

/** Its URL, a key of that scope without a limit of requests, and `stop`. */
export async function benchService(revector, scope) {
  const { url, stop } = await startService({
    revector,
    log: silentLog,
    redactor: createRedactor(),
    version: '',
    languageModel: null,
    work: false,
    options: { ...optionsSchema.parse({}).serve, port: 0, requestsPerMinute: 1_000_000 },
  })
  const { secret } = await revector.keys.create({ name: 'bench', scope })
  return { url, secret, stop }
}

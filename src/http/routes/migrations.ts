import { counted, dollars } from '../../core/counted.ts'
import { RevectorError } from '../../core/errors.ts'
import { encode } from '../../wire/codec.ts'
import { type MigrationEvent, migrationEvent } from '../../wire/migration-event.ts'
import { type MigrationPlan, migrationPlan } from '../../wire/migration-plan.ts'
import * as contract from '../contract/migrations.ts'
import type { HttpDeps } from '../deps.ts'
import { signalOf } from '../disconnect.ts'
import { type ServerEvent, sendEvents } from '../event-stream.ts'
import { type App, routeOf } from '../route.ts'

type MigrationDeps = Pick<HttpDeps, 'revector' | 'streams'>

export async function migrationRoutes(app: App, { revector, streams }: MigrationDeps): Promise<void> {
  const { migrations } = revector

  app.route({
    ...routeOf(contract.planMigration),
    handler: ({ body }, reply) => migrations.plan({ ...body, signal: signalOf(reply) }),
  })

  app.route({
    ...routeOf(contract.startMigration),
    handler: async ({ body: { consent, ...body }, caller }, reply) => {
      const request = { ...body, signal: signalOf(reply) }
      const plan = await migrations.plan(request)
      if (!consent) throw consentMissing(plan)
      const status = await migrations.start({ ...request, plan, createdBy: caller.name })
      reply.code(201).header('location', `/api/v1/migrations/${status.id}`)
      return status
    },
  })

  app.route({
    ...routeOf(contract.listMigrations),
    handler: async ({ query: { limit, after } }) => {
      const rows = await migrations.list({ limit: limit + 1, before: after })
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      return { migrations: page, next: rows.length > limit && last ? String(last.id) : null }
    },
  })

  app.route({ ...routeOf(contract.getMigration), handler: ({ params }) => migrations.status(params.id) })

  app.route({
    ...routeOf(contract.migrationEvents),
    handler: async ({ params, query, headers }, reply) => {
      const after = headers['last-event-id'] ?? query.after
      // Before the stream starts: an unknown migration is a 404.
      await migrations.status(params.id)
      reply.raw.once('close', streams.take())
      const events = migrations.events({
        migrationId: params.id,
        follow: query.follow,
        signal: signalOf(reply),
        // An id that no event can have: from the beginning.
        after: after !== undefined && /^\d{1,18}$/.test(after) ? Number(after) : 0,
      })
      return sendEvents(reply, named(events))
    },
  })

  app.route({
    ...routeOf(contract.migrationQuarantine),
    handler: async ({ params, query: { limit, after } }) => {
      const rows = await migrations.quarantine(params.id, { limit: limit + 1, after })
      const page = rows.slice(0, limit)
      return { chunks: page, next: rows.length > limit ? (page.at(-1)?.chunkId ?? null) : null }
    },
  })

  app.route({
    ...routeOf(contract.pauseMigration),
    handler: ({ params, body, caller }) => migrations.pause(params.id, { actor: caller.name, ...body }),
  })

  app.route({
    ...routeOf(contract.resumeMigration),
    handler: ({ params, body, caller }) => migrations.resume(params.id, { actor: caller.name, ...body }),
  })

  app.route({
    ...routeOf(contract.cancelMigration),
    handler: ({ params, caller }) => migrations.cancel(params.id, { actor: caller.name }),
  })

  app.route({
    ...routeOf(contract.retryMigration),
    handler: ({ params, caller }) => migrations.retry(params.id, { actor: caller.name }),
  })

  app.route({
    ...routeOf(contract.verifyMigration),
    handler: ({ params, body, caller }) => migrations.verify(params.id, { actor: caller.name, ...body }),
  })

  app.route({
    ...routeOf(contract.cutOver),
    handler: ({ params, body, caller }) => migrations.cutOver(params.id, { actor: caller.name, ...body }),
  })

  app.route({
    ...routeOf(contract.rollBack),
    handler: ({ params, caller }) => migrations.rollBack(params.id, { actor: caller.name }),
  })

  app.route({
    ...routeOf(contract.retire),
    handler: ({ params, body, caller }) => migrations.retire(params.id, { actor: caller.name, ...body }),
  })
}

async function* named(events: AsyncIterable<MigrationEvent>): AsyncGenerator<ServerEvent, void, undefined> {
  for await (const event of events) {
    yield { id: String(event.id), event: event.type, data: encode(migrationEvent, event) }
  }
}

function consentMissing(plan: MigrationPlan): RevectorError {
  const { costUsdEstimate: cost, missingChunks, sourceModel, targetModel } = plan
  const price =
    cost === null ? 'at an unknown cost' : cost === 0 ? 'at no cost' : `for about ${dollars(cost)}`
  return new RevectorError(
    'CONSENT_MISSING',
    `Migrating ${counted(missingChunks, 'chunk')} from ${sourceModel} to ${targetModel}, ${price}, needs confirmation.`,
    { hint: 'Send the request again with `"consent": true`.', data: { plan: encode(migrationPlan, plan) } },
  )
}

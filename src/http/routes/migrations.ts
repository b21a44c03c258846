import type * as z from 'zod'
import { counted, dollars } from '../../core/counted.ts'
import { RevectorError } from '../../core/errors.ts'
import type { MigrationEvent } from '../../core/migration.ts'
import type { MigrationLimits, PlanMigration, Revector } from '../../library/revector.ts'
import {
  migrationEventShape,
  migrationShape,
  migrationStatusShape,
  planShape,
  quarantineShape,
} from '../../shapes/migration.ts'
import type { Places } from '../concurrency.ts'
import * as contract from '../contract/migrations.ts'
import { signalOf } from '../disconnect.ts'
import { type ServerEvent, sendEvents } from '../event-stream.ts'
import { type App, routeOf } from '../route.ts'

type PlanBody = z.output<typeof contract.planMigration.body>
type LimitsBody = z.output<typeof contract.resumeMigration.body>

interface Deps {
  readonly revector: Revector
  /** The limit for all event streams. */
  readonly streams: Places
}

export async function migrationRoutes(app: App, { revector, streams }: Deps): Promise<void> {
  const { migrations } = revector

  app.route({
    ...routeOf(contract.planMigration),
    handler: async ({ body }, reply) =>
      planShape(await migrations.plan({ ...planOf(body), signal: signalOf(reply) })),
  })

  app.route({
    ...routeOf(contract.startMigration),
    handler: async ({ body, caller }, reply) => {
      const { consent, gates, ...rest } = body
      const request = { ...planOf(rest), signal: signalOf(reply) }
      const plan = await migrations.plan(request)
      if (!consent) throw consentMissing(planShape(plan))
      const status = await migrations.start({
        ...request,
        ...limitsOf(rest),
        gates,
        plan,
        createdBy: caller.name,
      })
      reply.code(201).header('location', `/api/v1/migrations/${status.id}`)
      return migrationStatusShape(status)
    },
  })

  app.route({
    ...routeOf(contract.listMigrations),
    handler: async ({ query: { limit, after } }) => {
      const rows = await migrations.list({
        limit: limit + 1,
        before: after,
      })
      const page = rows.slice(0, limit)
      return {
        migrations: page.map(migrationShape),
        next: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      }
    },
  })

  app.route({
    ...routeOf(contract.getMigration),
    handler: async ({ params }) => migrationStatusShape(await migrations.status(params.id)),
  })

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
        ...(after === undefined ? {} : { after: /^\d{1,18}$/.test(after) ? after : '0' }),
      })
      return sendEvents(reply, named(events))
    },
  })

  app.route({
    ...routeOf(contract.migrationQuarantine),
    handler: async ({ params, query: { limit, after } }) => {
      const rows = await migrations.quarantine(params.id, {
        limit: limit + 1,
        after,
      })
      const page = rows.slice(0, limit)
      return {
        chunks: page.map(quarantineShape),
        next: rows.length > limit ? (page.at(-1)?.chunkId ?? null) : null,
      }
    },
  })

  app.route({
    ...routeOf(contract.pauseMigration),
    handler: async ({ params, body, caller }) =>
      migrationStatusShape(await migrations.pause(params.id, { actor: caller.name, ...body })),
  })

  app.route({
    ...routeOf(contract.resumeMigration),
    handler: async ({ params, body, caller }) =>
      migrationStatusShape(await migrations.resume(params.id, { actor: caller.name, ...limitsOf(body) })),
  })

  app.route({
    ...routeOf(contract.cancelMigration),
    handler: async ({ params, caller }) => {
      const status = await migrations.cancel(params.id, { actor: caller.name })
      return { ...migrationStatusShape(status), bytes: status.bytes }
    },
  })

  app.route({
    ...routeOf(contract.retryMigration),
    handler: async ({ params, caller }) => {
      const status = await migrations.retry(params.id, { actor: caller.name })
      return { ...migrationStatusShape(status), chunks: status.chunks }
    },
  })

  app.route({
    ...routeOf(contract.verifyMigration),
    handler: async ({ params, body, caller }) =>
      migrationStatusShape(await migrations.verify(params.id, { actor: caller.name, ...body })),
  })

  app.route({
    ...routeOf(contract.cutOver),
    handler: async ({ params, body, caller }) =>
      migrationStatusShape(await migrations.cutOver(params.id, { actor: caller.name, ...body })),
  })

  app.route({
    ...routeOf(contract.rollBack),
    handler: async ({ params, caller }) =>
      migrationStatusShape(await migrations.rollBack(params.id, { actor: caller.name })),
  })

  app.route({
    ...routeOf(contract.retire),
    handler: async ({ params, body, caller }) => {
      const status = await migrations.retire(params.id, { actor: caller.name, ...body })
      return { ...migrationStatusShape(status), bytes: status.bytes }
    },
  })
}

async function* named(events: AsyncIterable<MigrationEvent>): AsyncGenerator<ServerEvent, void, undefined> {
  for await (const event of events) {
    yield { id: event.id, event: event.type, data: migrationEventShape(event) }
  }
}

function planOf(body: Omit<PlanBody, 'target_model'> & { readonly target_model: string }): PlanMigration {
  const { source_model, target_model, scope, price_per_million_tokens, budget_usd } = body
  return {
    targetModel: target_model,
    sourceModel: source_model,
    scope,
    pricePerMillionTokens: price_per_million_tokens,
    budgetUsd: budget_usd,
  }
}

function limitsOf(body: LimitsBody): MigrationLimits {
  const { budget_usd, price_per_million_tokens, allowed_quarantined, rollback_window_seconds } = body
  return {
    budgetUsd: budget_usd,
    pricePerMillionTokens: price_per_million_tokens,
    allowedQuarantined: allowed_quarantined,
    rollbackWindowSeconds: rollback_window_seconds,
  }
}

function consentMissing(plan: ReturnType<typeof planShape>): RevectorError {
  const price =
    plan.cost_usd_estimate === null
      ? 'at an unknown cost'
      : plan.cost_usd_estimate === 0
        ? 'at no cost'
        : `for about ${dollars(plan.cost_usd_estimate)}`
  return new RevectorError(
    'CONSENT_MISSING',
    `Migrating ${counted(plan.missing_chunks, 'chunk')} from ${plan.source_model} to ${plan.target_model}, ${price}, needs confirmation.`,
    { hint: 'Send the request again with `"consent": true`.', data: { plan } },
  )
}

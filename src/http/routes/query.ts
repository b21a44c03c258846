import { answerEventShape, answerShape } from '../../answer-wire.ts'
import type { Redactor } from '../../logs/redact.ts'
import type { AnswerEvent, Revector } from '../../revector.ts'
import { askRequest } from '../ask-request.ts'
import type { Places } from '../concurrency.ts'
import { query } from '../contract/query.ts'
import { signalOf } from '../disconnect.ts'
import { type ServerEvent, sendEvents } from '../event-stream.ts'
import { asRefusable, refusalOf } from '../problem.ts'
import { type App, routeOf } from '../route.ts'

interface Parts {
  readonly revector: Revector
  readonly redactor: Redactor
  /** Of all event streams. */
  readonly streams: Places
}

export async function queryRoutes(app: App, { revector, redactor, streams }: Parts): Promise<void> {
  app.route({
    ...routeOf(query),
    handler: async (request, reply) => {
      const asked = askRequest(request.body, signalOf(reply))
      if (!wantsEvents(request.headers.accept)) return answerShape(await revector.answers.ask(asked))
      reply.raw.once('close', streams.take())
      const events = revector.answers.stream(asked)[Symbol.asyncIterator]()
      // Before the stream begins: what can't be searched is an error like any other.
      const first = await events.next()
      return sendEvents(reply, numbered(first, events), {
        onError: (error) => ({
          id: 'error',
          event: 'error',
          data: refusalOf(asRefusable(error), { requestId: request.id, redactor }).body,
        }),
      })
    },
  })
}

function wantsEvents(accept = ''): boolean {
  return accept.split(',').some((type) => type.trim().toLowerCase().startsWith('text/event-stream'))
}

async function* numbered(
  first: IteratorResult<AnswerEvent>,
  events: AsyncIterator<AnswerEvent>,
): AsyncGenerator<ServerEvent, void, undefined> {
  try {
    let id = 0
    for (let next = first; next.done !== true; next = await events.next()) {
      id += 1
      yield { id: String(id), event: next.value.type, data: answerEventShape(next.value) }
    }
  } finally {
    await events.return?.()
  }
}

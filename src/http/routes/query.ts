import { createAnswerStreams } from '../answer-streams.ts'
import { askRequest } from '../ask-request.ts'
import { query } from '../contract/query.ts'
import type { HttpDeps } from '../deps.ts'
import { signalOf } from '../disconnect.ts'
import { sendEvents } from '../event-stream.ts'
import { asRefusable, refusalOf } from '../problem.ts'
import { type App, routeOf } from '../route.ts'

type QueryDeps = Pick<HttpDeps, 'revector' | 'redactor' | 'streams'>

export async function queryRoutes(app: App, { revector, redactor, streams }: QueryDeps): Promise<void> {
  const answers = createAnswerStreams()
  app.addHook('onClose', async () => answers.close())
  app.route({
    ...routeOf(query),
    handler: async (request, reply) => {
      const { body, headers } = request
      const { keyId, as } = request.caller
      const signal = signalOf(reply)
      if (!wantsEvents(headers.accept)) return revector.answers.ask(askRequest(body, signal, as))
      // Behind one proxy's key are many callers: none resumes another's answer.
      const asker = { owner: JSON.stringify([keyId ?? '', as ?? null]), body }
      const leave = streams.take()
      const closed = new Promise<void>((resolve) => {
        reply.raw.once('close', resolve)
        if (reply.raw.destroyed) resolve()
      })
      const known = answers.find(headers['last-event-id'] ?? '', asker)
      const stream =
        known?.stream ?? answers.open(asker, (until) => revector.answers.stream(askRequest(body, until, as)))
      // An answer that continues without a reader still has a slot.
      Promise.all([closed, stream.ended]).then(leave, leave)
      // Before the stream starts: if the search fails, it is an ordinary error.
      await stream.begun()
      return sendEvents(reply, stream.read(known?.after ?? 0, signal), {
        finish: true,
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

import { parentPort } from 'node:worker_threads'
import { openSession } from './open-session.ts'
import type { Reply, Request } from './protocol.ts'
import type { Session } from './session.ts'
import { loadTokenizer, type Tokenizer } from './tokenizer.ts'
import { maxTokens, width } from './weights.ts'

const port = parentPort
if (port === null) throw new Error('This file is the entry of a worker thread.')
const reply = (message: Reply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

async function embed(session: Session, tokenizer: Tokenizer, texts: readonly string[]) {
  const ids = texts.map((text) => {
    const pieces = tokenizer.encode(text)
    if (pieces.length > maxTokens) {
      // Windows above see to it that this doesn't happen; the model itself would cut the text in silence.
      throw new Error(`A text of ${pieces.length} tokens is longer than the ${maxTokens} the model takes.`)
    }
    // Characters that leave nothing behind when normalised: one unknown piece.
    return pieces.length === 0 ? [0] : pieces
  })
  const vectors = await session.run(ids)
  const numbers = new Float32Array(texts.length * width)
  for (const [place, vector] of vectors.entries()) numbers.set(vector, place * width)
  return { numbers, tokens: ids.reduce((sum, pieces) => sum + pieces.length, 0) }
}

async function start(): Promise<void> {
  const [session, tokenizer] = await Promise.all([openSession(), loadTokenizer()])
  let work: Promise<void> = Promise.resolve()

  async function answer(request: Request): Promise<void> {
    if (request.type === 'close') {
      await session.close()
      // Nothing listens any more, so the thread ends by itself, native threads first.
      port?.close()
      return
    }
    try {
      const { numbers, tokens } = await embed(session, tokenizer, request.texts)
      reply({ type: 'embedded', id: request.id, numbers, tokens }, [numbers.buffer])
    } catch (error) {
      reply({ type: 'refused', id: request.id, message: String(error) })
    }
  }

  // One after the other: a batch uses every core already.
  port?.on('message', (request: Request) => {
    work = work.then(() => answer(request))
  })
  reply({ type: 'ready', route: session.route })
}

start().catch((error: unknown) => {
  reply({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  port.close()
})

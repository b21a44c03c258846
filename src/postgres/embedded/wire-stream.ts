import { Duplex } from 'node:stream'
import { takingTurns } from '../../core/turns.ts'
import { refuseCopyIn } from './copy-in.ts'
import { simpleQuery } from './messages.ts'
import type { WorkerHost } from './worker-host.ts'

/*
 * Our own, not PGlite's: with its configuration for `pg` a failed query kills the next one, and connections over its socket share
 * one session, so that advisory locks exclude no one and settings leak.
 */

const sslRequest = 80877103
const terminate = 0x58 // X
const endsBatch = new Set([0x51, 0x53, 0x48]) // Query, Sync, Flush

/**
 * Looks like a socket to `pg`, with the embedded engine behind it. Frontend messages are collected until one
 * that the server replies to; the engine gets them as one batch. The engine has a single session, so a new
 * connection first resets whatever an earlier one left open.
 */
export class WireStream extends Duplex {
  readonly #host: WorkerHost
  readonly #stopListening: () => void
  #chunks: Buffer[] = []
  #bytes = 0
  #batch: Buffer[] = []
  #started = false
  #drained: (() => void) | null = null

  constructor(host: WorkerHost) {
    super({ allowHalfOpen: false })
    this.#host = host
    this.#stopListening = host.onDeath((error) => process.nextTick(() => this.destroy(error)))
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'))
    return this
  }

  // `pg` calls these methods of a socket.
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  override _read(): void {
    this.#drained?.()
    this.#drained = null
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    this.#consume().then(
      () => done(),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    )
  }

  override _final(done: (error?: Error | null) => void): void {
    this.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopListening()
    this.#drained?.()
    this.#drained = null
    done(error)
  }

  async #consume(): Promise<void> {
    for (let message = this.#take(); message !== null; message = this.#take()) {
      if (this.destroyed) return
      if (!this.#started) {
        if (message.readInt32BE(4) === sslRequest) {
          this.push(Buffer.from('N'))
          continue
        }
        this.#started = true
        await this.#host.exec(simpleQuery('rollback'), ignore)
        await this.#host.exec(simpleQuery('discard all'), ignore)
        await this.#answer(message)
      } else if (message[0] === terminate) {
        this.push(null)
      } else {
        this.#batch.push(refuseCopyIn(message))
        if (endsBatch.has(message[0] ?? 0)) {
          const batch = this.#batch.length === 1 ? (this.#batch[0] ?? message) : Buffer.concat(this.#batch)
          this.#batch = []
          await this.#answer(batch)
        }
      }
    }
  }

  /** The next complete message; null while there is none. */
  #take(): Buffer | null {
    const typeBytes = this.#started ? 1 : 0
    if (this.#bytes < typeBytes + 4) return null
    const head = this.#gather(typeBytes + 4)
    const length = typeBytes + head.readInt32BE(typeBytes)
    if (this.#bytes < length) return null
    const whole = this.#gather(length)
    const rest = whole.subarray(length)
    this.#chunks.shift()
    if (rest.length > 0) this.#chunks.unshift(rest)
    this.#bytes -= length
    return whole.subarray(0, length)
  }

  /** Makes the first chunk hold at least `length` bytes. */
  #gather(length: number): Buffer {
    let first = this.#chunks[0] ?? Buffer.alloc(0)
    if (first.length < length) {
      first = Buffer.concat(this.#chunks)
      this.#chunks = [first]
    }
    return first
  }

  #reader(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve
    })
  }

  async #answer(batch: Buffer): Promise<void> {
    const replies: Uint8Array[] = []
    const pause = takingTurns()
    await this.#host.exec(batch, (bytes) => replies.push(bytes))
    for (const reply of replies) {
      // Reading them is `pg`'s work, and is done within `push`.
      await pause()
      if (this.destroyed) return
      // Back-pressure: the next batch waits until the reader has taken this reply.
      if (!this.push(reply)) await this.#reader()
    }
  }
}

function ignore(): void {}

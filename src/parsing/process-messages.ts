import type { ChunkLimits } from '../core/document.ts'
import type { ErrorCode, ErrorData } from '../core/errors.ts'
import type { DetectedType } from './detect.ts'
import type { ReadLimits } from './read-limits.ts'

/** One file to be read and split. */
export interface ReadJob {
  readonly bytes: Uint8Array
  readonly type: DetectedType
  readonly fallbackTitle: string | null
  readonly limits: ReadLimits
  readonly chunks: ChunkLimits
}

/** What the thread that reads says of a job. */
export type ReadReply<Result> =
  | { readonly result: Result }
  | { readonly failure: { code: ErrorCode; message: string; hint: string; data: ErrorData } }

/**
 * To a process: the file's bytes in parts, then the rest of the job. In parts, because a message is copied whole, and the
 * service answers others between them.
 */
export type ToProcess = Uint8Array | Omit<ReadJob, 'bytes'>

/** From a process: the serialized reply of its thread in parts, then what became of the job. */
export type FromProcess = Uint8Array | JobEnd

export type JobEnd =
  /** `spent`: it holds so much memory after this job that a fresh one should do the next. */
  | { readonly ended: 'replied'; readonly spent: boolean }
  | { readonly ended: 'memory' | 'crash'; readonly reason: string | null }

const partBytes = 1024 * 1024

export function* inParts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes)
}

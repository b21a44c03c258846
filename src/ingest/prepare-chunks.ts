import { createHash } from 'node:crypto'
import type { ChunkText, Metadata } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'
import { takingTurns } from '../core/turns.ts'
import { estimateTokens } from '../splitting/tokens.ts'
import type { Model } from '../wire/model.ts'
import { checkGivenVector } from './given-vectors.ts'
import type { GivenVectors, PreparedDocument } from './prepare.ts'

/** A text that the caller has cut out of a document. */
export interface GivenChunk {
  /** Stored as it is, but for NUL characters and lone surrogates, which PostgreSQL cannot store. */
  readonly content: string
  /** Headings above it, outermost first. */
  readonly headingPath?: readonly string[]
  /** 1-based. */
  readonly page?: number | null
  /**
   * By model name: the vector that this registered model makes of `content`, as a document. What another written model lacks
   * is embedded.
   */
  readonly vectors?: Readonly<Record<string, ArrayLike<number>>>
}

/** A document whose text is already cut. */
export interface ChunkedDocument {
  readonly title: string
  readonly chunks: readonly GivenChunk[]
  /** The caller's identifier of the document: a path or URL. Ingesting it again replaces the document. */
  readonly source?: string
  /** Of the text that was cut. Default: text/plain. */
  readonly mediaType?: string
  readonly metadata?: Metadata
}

/** Between two chunks in the document's text. */
const between = '\n\n'

/** @throws RevectorError INVALID_INPUT, DOCUMENT_EMPTY, EMBEDDING_DIMENSION_MISMATCH, MODEL_UNKNOWN */
export async function prepareChunks(
  document: ChunkedDocument,
  { path, lookUp }: { readonly path: string; readonly lookUp: (modelName: string) => Promise<Model> },
): Promise<PreparedDocument> {
  const { title, source = null, mediaType = 'text/plain', metadata = {} } = document
  if (!Array.isArray(document.chunks)) throw invalid('chunks', 'a list of chunks', document.chunks)
  if (document.chunks.length === 0) {
    throw new RevectorError('DOCUMENT_EMPTY', `${path} has no chunks.`, {
      hint: 'Ingest a document that has text.',
      data: { path },
    })
  }
  const pause = takingTurns()
  const chunks: ChunkText[] = []
  const given = new Map<string, { model: Model; vectors: Map<string, Float32Array> }>()
  let at = 0
  for (const [position, chunk] of document.chunks.entries()) {
    if (position % 100 === 0) await pause()
    const text = chunkText(chunk, position, at)
    at = text.endOffset + between.length
    chunks.push(text)
    for (const [modelName, vector] of vectorsOf(chunk)) {
      const { model, vectors } = given.get(modelName) ?? {
        model: await lookUp(modelName),
        vectors: new Map(),
      }
      given.set(modelName, { model, vectors })
      if (vectors.has(text.contentHash)) continue
      vectors.set(text.contentHash, checkGivenVector(model, vector, `of chunk ${position} of ${path}`))
    }
  }
  const cut = chunks.map(({ contentHash, headingPath, page }) => [contentHash, headingPath, page])
  return {
    ...{ path, source, title, mediaType, metadata, chunks },
    content: chunks.map(({ content }) => content).join(between),
    // Also of how it was cut: the same text in other chunks is another document.
    contentHash: createHash('sha256')
      .update(JSON.stringify(['chunks', title, mediaType, metadata, cut]))
      .digest('hex'),
    given: [...given.values()].map(
      ({ model, vectors }): GivenVectors => ({ modelName: model.modelName, modelId: model.id, vectors }),
    ),
  }
}

const vectorsOf = ({ vectors = {} }: GivenChunk): [string, ArrayLike<number>][] => Object.entries(vectors)

function chunkText(chunk: GivenChunk, position: number, startOffset: number): ChunkText {
  const field = (name: string) => `chunks[${position}].${name}`
  if (typeof chunk !== 'object' || chunk === null) throw invalid(`chunks[${position}]`, 'a chunk', chunk)
  const { content: given, headingPath = [], page = null } = chunk
  if (typeof given !== 'string' || given.trim() === '') throw invalid(field('content'), 'a text', given)
  if (!Array.isArray(headingPath) || headingPath.some((heading) => typeof heading !== 'string')) {
    throw invalid(field('headingPath'), 'a list of texts', headingPath)
  }
  if (page !== null && !(Number.isInteger(page) && page >= 1 && page < 2 ** 31)) {
    throw invalid(field('page'), 'a whole number from 1', page)
  }
  const content = storable(given)
  return {
    position,
    content,
    startOffset,
    endOffset: startOffset + content.length,
    headingPath: headingPath.map(storable),
    page,
    tokenCount: estimateTokens(content),
    contentHash: createHash('sha256').update(content, 'utf8').digest('hex'),
  }
}

const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const storable = (text: string): string => text.replaceAll('\0', '').replace(loneSurrogate, '\ufffd')

function invalid(field: string, expected: string, got: unknown): RevectorError {
  const shown = typeof got === 'string' ? 'an empty text' : got === null ? 'null' : String(typeof got)
  return new RevectorError(
    'INVALID_INPUT',
    `A document's ${field} is invalid: expected ${expected}, got ${shown}.`,
    {
      hint: 'Correct it and ingest the document again.',
      data: { field },
    },
  )
}

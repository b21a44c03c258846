import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import type * as z from 'zod'
import { counted } from '../../core/counted.ts'
import { type ErrorCode, errorCatalogue, RevectorError } from '../../core/errors.ts'
import type { Revector } from '../../library/revector.ts'
import { encode } from '../../wire/codec.ts'
import { documentSummary } from '../../wire/document.ts'
import type { IngestReport } from '../../wire/ingest.ts'
import { createPlaces } from '../concurrency.ts'
import * as contract from '../contract/documents.ts'
import type { HttpDeps } from '../deps.ts'
import { signalOf } from '../disconnect.ts'
import { documentRequest } from '../document-request.ts'
import { type Answered, answerOnce, send } from '../idempotency.ts'
import { parseJsonBody } from '../json-body.ts'
import { type App, routeOf } from '../route.ts'
import { type UploadedFile, withUpload } from '../upload.ts'
import { checked } from '../validation.ts'

/** As many times the uploads of one owner: its files that take long keep out none of another. */
const uploadsOfAll = 4

type Deps = Pick<HttpDeps, 'revector' | 'options' | 'redactor'>

export async function documentRoutes(app: App, deps: Deps): Promise<void> {
  const { revector, options } = deps
  const { documents, ingestion } = revector
  const { maxConcurrentUploads } = options
  const uploads = createPlaces(maxConcurrentUploads, 'uploads', maxConcurrentUploads * uploadsOfAll)
  await app.register(multipart)

  app.route({
    ...routeOf(contract.listDocuments),
    handler: ({ query: { q, ...page }, caller: { as } }) => documents.list({ ...page, query: q, as }),
  })

  app.route({
    ...routeOf(contract.addDocuments),
    handler: async (request, reply) => {
      if (!request.isMultipart()) return send(reply, await storeText(revector, request, signalOf(reply)))
      const leave = uploads.take(ownerOf(request))
      try {
        return send(reply, await storeFiles(deps, request, signalOf(reply)))
      } finally {
        leave()
      }
    },
  })

  app.route({
    ...routeOf(contract.getDocument),
    handler: ({ params, caller: { as } }) => documents.get(params.id, { as }),
  })

  app.route({
    ...routeOf(contract.removeDocument),
    handler: async ({ params }, reply) => {
      await documents.remove(params.id)
      reply.code(204)
    },
  })

  app.route({
    ...routeOf(contract.documentEmbeddings),
    handler: ({ params, caller: { as } }) => documents.embeddings(params.id, { as }),
  })

  app.route({
    ...routeOf(contract.embedDocument),
    handler: ({ params, query }, reply) =>
      ingestion.updateDocumentEmbeddings({
        documentId: params.id,
        modelName: query.model,
        signal: signalOf(reply),
      }),
  })
}

/** JSON: one text. */
function storeText(revector: Revector, request: FastifyRequest, signal: AbortSignal): Promise<Answered> {
  const body = checked('body', contract.addDocuments.body, request.body ?? {})
  return answerOnce(revector, { request, parts: [JSON.stringify(body)] }, async () => {
    const id = await revector.ingestion.ingestDocument(
      documentRequest(body, { signal, owner: ownerOf(request) }),
    )
    const headers = { location: `/api/v1/documents/${encodeURIComponent(id)}` }
    return { status: 201, headers, body: encode(documentSummary, await revector.documents.get(id)) }
  })
}

/** A form: files. */
async function storeFiles(
  { revector, options, redactor }: Deps,
  request: FastifyRequest,
  signal: AbortSignal,
): Promise<Answered> {
  return withUpload(request, options, async ({ fields, files }) => {
    const form = checked('form', contract.addDocuments.form, fields)
    const metadata = metadataOf(form.metadata)
    const parts = [JSON.stringify(form), ...files.flatMap(({ name, hash }) => [name, hash])]
    return answerOnce(revector, { request, parts }, () =>
      ingest(revector, redactor, { files, form, metadata, signal, owner: ownerOf(request) }),
    )
  })
}

interface Given {
  readonly files: readonly UploadedFile[]
  readonly form: z.output<typeof contract.addDocuments.form>
  readonly metadata: Record<string, unknown> | undefined
  readonly signal: AbortSignal
  readonly owner: string | undefined
}

/** Holders of different keys don't wait for each other's files; without keys, no request waits for another's. */
function ownerOf({ caller }: FastifyRequest): string | undefined {
  return caller.keyId === null ? undefined : caller.name
}

async function ingest(revector: Revector, redactor: HttpDeps['redactor'], given: Given): Promise<Answered> {
  const { files, form, metadata, signal, owner } = given
  const outcomes: z.output<typeof contract.uploadReport>['files'][number][] = []
  const report = await revector.ingestion.ingestPaths({
    paths: [],
    files: files.map(({ path, name }) => ({ path, name, source: `upload:${name}` })),
    signal,
    owner,
    model: form.model,
    metadata,
    onProgress: (event) => {
      if (event.type !== 'ingest.document') return
      outcomes.push({ path: event.path, id: event.id ?? null, outcome: event.outcome, chunks: event.chunks })
    },
  })
  if (report.failed.length === files.length) throw nothingStored(report)
  const failed = report.failed.map((one) => ({ ...one, message: redactor.text(one.message) }))
  return { status: 200, body: encode(contract.uploadReport, { ...report, failed, files: outcomes }) }
}

/** @throws RevectorError REQUEST_MALFORMED, INVALID_INPUT */
function metadataOf(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  return checked('form', contract.addDocuments.body.shape.metadata, parseJsonBody(Buffer.from(text)))
}

/** The failure of a single file; for several, that all failed. */
function nothingStored({ failed }: IngestReport): RevectorError {
  const [first] = failed
  if (failed.length === 1 && first !== undefined && isCode(first.code)) {
    return new RevectorError(first.code, first.message, {
      hint: 'Upload text, Markdown, HTML, PDF or Word files.',
      data: { path: first.path },
    })
  }
  return new RevectorError(
    'DOCUMENTS_FAILED',
    `None of the ${counted(failed.length, 'file')} could be ingested.`,
    { hint: 'See `failed` for each file and its reason.', data: { failed } },
  )
}

function isCode(code: string): code is ErrorCode {
  return code in errorCatalogue
}

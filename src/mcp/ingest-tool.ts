import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { errorCatalogue, isRevectorError } from '../core/errors.ts'
import { addDocuments } from '../http/contract/documents.ts'
import { id } from '../http/contract/operation.ts'
import { documentRequest } from '../http/document-request.ts'
import type { McpParts } from './parts.ts'
import { toolResult } from './tool-result.ts'

const { title, content, source, metadata, model } = addDocuments.body.shape

export function addIngestTool(server: McpServer, parts: McpParts): void {
  server.registerTool(
    'ingest',
    {
      title: 'Add a document',
      description:
        'Adds a text to the documents, or replaces the one of the same source, and embeds it for every model that is ' +
        'written. Reads no file: give the text itself.',
      inputSchema: z.strictObject({
        ...{ title, content, metadata, model },
        source: source.describe('A path or URL by which it is known. Given again, the document is replaced.'),
      }),
      outputSchema: z.strictObject({ document_id: id }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    (document, { signal }) =>
      toolResult(parts, () =>
        audited(parts, document, async () => ({
          document_id: await parts.revector.ingestion.ingestDocument(documentRequest(document, signal)),
        })),
      ),
  )
}

type Document = Pick<z.output<typeof addDocuments.body>, 'title' | 'source' | 'model'>

/** Written down before it is tried, and how it ended; as HTTP does with every change. */
async function audited<T>(
  { revector: { audit }, actor, requestId, onFault }: McpParts,
  { title, source, model }: Document,
  work: () => Promise<T>,
): Promise<T> {
  const data = { title, ...(model === undefined ? {} : { model }) }
  const entry = await audit.begin({ actor, action: 'mcp.ingest', subject: source ?? title, requestId, data })
  const end = (status: number) => audit.end(entry, status).catch(onFault)
  try {
    const result = await work()
    await end(200)
    return result
  } catch (error) {
    await end(isRevectorError(error) ? errorCatalogue[error.code].status : 500)
    throw error
  }
}

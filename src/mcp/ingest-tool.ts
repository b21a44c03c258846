import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { audited } from '../access/audited.ts'
import type { NewAuditEntry } from '../core/access.ts'
import { addDocuments } from '../http/contract/documents.ts'
import { id } from '../http/contract/operation.ts'
import { documentRequest } from '../http/document-request.ts'
import type { McpDeps } from './deps.ts'
import { toolResult } from './tool-result.ts'

const { title, content, source, metadata, model } = addDocuments.body.shape

export function addIngestTool(server: McpServer, deps: McpDeps): void {
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
      toolResult(deps, () =>
        audited(
          deps.revector.audit,
          entryOf(deps, document),
          async () => ({
            document_id: await deps.revector.ingestion.ingestDocument(documentRequest(document, signal)),
          }),
          deps.onFault,
        ),
      ),
  )
}

type Document = Pick<z.output<typeof addDocuments.body>, 'title' | 'source' | 'model'>

/** As HTTP does with every change. */
function entryOf({ actor, requestId }: McpDeps, { title, source, model }: Document): NewAuditEntry {
  const data = { title, model }
  return { actor, action: 'mcp.ingest', subject: source ?? title, requestId, data }
}

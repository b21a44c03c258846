import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { audited } from '../access/audited.ts'
import { addDocuments } from '../http/contract/documents.ts'
import { documentRequest } from '../http/document-request.ts'
import type { NewAuditEntry } from '../wire/access.ts'
import { id } from '../wire/field.ts'
import type { McpDeps } from './deps.ts'
import { addTool } from './tool.ts'

const { title, content, source, metadata, model } = addDocuments.body.shape

export function addIngestTool(server: McpServer, deps: McpDeps): void {
  addTool(server, deps, {
    name: 'ingest',
    title: 'Add a document',
    description:
      'Adds a text to the documents, or replaces the one of the same source, and embeds it for every model that is ' +
      'written. Reads no files: pass the text itself.',
    input: z.strictObject({
      ...{ title, content, metadata, model },
      source: source.describe(
        'A path or URL that identifies the document. Adding it again replaces the document.',
      ),
    }),
    output: z.strictObject({ documentId: id }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    run: (document, { signal }) =>
      audited(
        deps.revector.audit,
        entryOf(deps, document),
        async () => ({
          documentId: await deps.revector.ingestion.ingestDocument(documentRequest(document, { signal })),
        }),
        deps.onFault,
      ),
  })
}

type Document = Pick<z.output<typeof addDocuments.body>, 'title' | 'source' | 'model'>

/** As HTTP does with every change. */
function entryOf({ actor, requestId }: McpDeps, { title, source, model }: Document): NewAuditEntry {
  const data = { title, model }
  return { actor, action: 'mcp.ingest', subject: source ?? title, requestId, data }
}

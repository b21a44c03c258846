import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { errorCatalogue, isRevectorError } from '../core/errors.ts'
import { id, metadata, modelName } from '../http/contract/operation.ts'
import type { McpParts } from './parts.ts'
import { toolResult } from './tool-result.ts'

export function addIngestTool(server: McpServer, parts: McpParts): void {
  server.registerTool(
    'ingest',
    {
      title: 'Add a document',
      description:
        'Adds a text to the documents, or replaces the one of the same source, and embeds it for every model that is ' +
        'written. Reads no file: give the text itself.',
      inputSchema: z.strictObject({
        title: z.string().min(1).max(1_000),
        content: z.string().min(1).max(5_000_000).describe('Markdown or plain text.'),
        source: z
          .string()
          .min(1)
          .max(2_000)
          .optional()
          .describe('A path or URL by which it is known. Given again, the document is replaced.'),
        metadata: metadata.optional(),
        model: modelName.optional().describe('Embed with this model only. Default: with every written one.'),
      }),
      outputSchema: z.strictObject({ document_id: id }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ title, content, source, metadata: given, model }, { signal }) =>
      toolResult(parts, () =>
        audited(
          parts,
          { subject: source ?? title, data: { title, ...(model === undefined ? {} : { model }) } },
          async () => ({
            document_id: await parts.revector.ingestion.ingestDocument({
              title,
              content,
              signal,
              ...(source === undefined ? {} : { source }),
              ...(given === undefined ? {} : { metadata: given }),
              ...(model === undefined ? {} : { embeddingModel: model }),
            }),
          }),
        ),
      ),
  )
}

/** Written down before it is tried, and how it ended; as HTTP does with every change. */
async function audited<T>(
  { revector: { audit }, actor, requestId }: McpParts,
  { subject, data }: { readonly subject: string; readonly data: Record<string, unknown> },
  work: () => Promise<T>,
): Promise<T> {
  const entry = await audit.begin({ actor, action: 'mcp.ingest', subject, requestId, data })
  try {
    const result = await work()
    await audit.end(entry, 200)
    return result
  } catch (error) {
    await audit.end(entry, isRevectorError(error) ? errorCatalogue[error.code].status : 500)
    throw error
  }
}

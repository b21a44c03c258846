import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import * as z from 'zod'
import { isRevectorError } from '../core/errors.ts'
import { type MigrationStatus, migrationStatus } from '../wire/migration.ts'
import { modelList } from '../wire/model.ts'
import type { McpDeps } from './deps.ts'
import { addTool } from './tool.ts'

export function addStatusTools(server: McpServer, deps: McpDeps): void {
  const { models, migrations } = deps.revector
  addTool(server, deps, {
    name: 'list_models',
    title: 'List embedding models',
    description:
      'The registered embedding models: which is current, and how much of the documents each one covers.',
    input: z.strictObject({}),
    output: modelList,
    annotations: { readOnlyHint: true, openWorldHint: false },
    run: async () => ({ models: await models.list() }),
  })

  addTool(server, deps, {
    name: 'migration_status',
    title: 'Progress of a model migration',
    description:
      'The state, progress, rate and cost of a migration from one embedding model to another. Without an id: of the newest one ' +
      'that is not finished, else of the newest; null when there was none.',
    input: z.strictObject({
      id: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional()
        .describe('Id of the migration.'),
    }),
    output: z.strictObject({ migration: migrationStatus.nullable() }),
    annotations: { readOnlyHint: true, openWorldHint: false },
    run: async ({ id }) => ({ migration: await statusOf(id === undefined ? undefined : Number(id)) }),
  })

  async function statusOf(id: number | undefined): Promise<MigrationStatus | null> {
    try {
      return await migrations.status(id)
    } catch (error) {
      if (id === undefined && isRevectorError(error, 'MIGRATION_UNKNOWN')) return null
      throw error
    }
  }
}

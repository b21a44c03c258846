import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import { tableOf } from '../layout.ts'
import type { Adoption } from './record.ts'

/** Registers the model of the old vectors, with the id its rows carry: current, unless there are no rows. */
export async function insertFirstModel(tx: Queryable, { model, modelId, table }: Adoption): Promise<void> {
  if (model === null) return
  await tx.query(sql`
    insert into embedding_models
      (id, model_name, dimension, provider, remote_name, revision, pooling, normalize,
       document_prefix, query_prefix, distance, base_url, state)
    values (${modelId}, ${model.modelName}, ${model.dimension}, ${model.provider}, ${model.remoteName},
            ${model.revision}, ${model.pooling}, ${model.normalize}, ${model.documentPrefix},
            ${model.queryPrefix}, ${model.distance}, ${model.baseUrl},
            case when exists (select from ${tableOf(table)}) then 'current' else 'registered' end)`)
  await tx.query(sql`select setval(pg_get_serial_sequence('embedding_models', 'id'), ${modelId}::bigint)`)
}

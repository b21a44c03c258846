import type { Call } from './calls.ts'

/** The least that fits each operation; where the path names something, something that does not exist. */
export const least: Readonly<Record<string, Call>> = {
  search: { body: { query: 'tea' } },
  query: { body: { query: 'tea' } },
  addModel: { body: { model_name: 'm', dimension: 8, provider: 'lexical-hash' } },
  useModel: { body: { model: 'm' } },
  addDocuments: { body: { title: 'a', content: 'b' } },
  embedDocument: { params: { id: '4711' }, query: { model: 'm' } },
  planMigration: { body: { target_model: 'm' } },
  startMigration: { body: { target_model: 'm' } },
  getDocument: { params: { id: '4711' } },
  removeDocument: { params: { id: '4711' } },
  documentEmbeddings: { params: { id: '4711' } },
  removeModel: { params: { model_name: 'm' } },
  sampleVectors: { params: { model_name: 'm' } },
  getMigration: { params: { id: 4711 } },
  migrationEvents: { params: { id: 4711 } },
  migrationQuarantine: { params: { id: 4711 } },
  pauseMigration: { params: { id: 4711 }, body: {} },
  resumeMigration: { params: { id: 4711 }, body: {} },
  cancelMigration: { params: { id: 4711 }, body: {} },
  retryMigration: { params: { id: 4711 }, body: {} },
  verifyMigration: { params: { id: 4711 }, body: {} },
  cutOver: { params: { id: 4711 }, body: {} },
  rollBack: { params: { id: 4711 }, body: {} },
  retire: { params: { id: 4711 }, body: {} },
}

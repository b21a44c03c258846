import { randomUUID } from 'node:crypto'
import { Document, type DocumentInterface } from '@langchain/core/documents'
import type { EmbeddingsInterface } from '@langchain/core/embeddings'
import { VectorStore } from '@langchain/core/vectorstores'
import { counted } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import type { ChunkedDocument, DocumentResult, Revector } from '../library/revector.ts'
import { checkFilter } from '../store/filter.ts'
import type { SearchFilter, SearchResult } from '../wire/search.ts'
import { documentOf, sourceOfId, titleOf } from './langchain-document.ts'
import { noEmbeddings, sayUnused } from './langchain-embeddings.ts'

export type { SearchFilter } from '../wire/search.ts'

export interface RevectorStoreConfig {
  readonly revector: Pick<Revector, 'retriever' | 'ingestion' | 'documents' | 'models'>
  /**
   * The model that makes the vectors which a program hands in itself, to `addVectors` and
   * `similaritySearchVectorWithScore`. Default: the model that is current at the first such call. Once another model is
   * current, such a search is refused.
   */
  readonly vectorModel?: string
  /** Hits with a lower score are left out. */
  readonly minScore?: number
}

export interface AddOptions {
  /** One for each document; takes precedence over a document's own `id`. */
  readonly ids?: readonly string[]
  readonly signal?: AbortSignal
}

/** What to delete: one of both is needed; with both, the documents with these ids that match the filter. */
export interface DeleteParams {
  readonly ids?: readonly string[]
  readonly filter?: SearchFilter
}

/**
 * LangChain's view of a Revector. Texts and queries are embedded by Revector, with the model that its database says is
 * current, so no Embeddings instance is needed, and a model migration needs no change here.
 *
 * A LangChain document is stored as a document of one chunk, whole. Its `id` is kept: adding another with the same `id`
 * replaces it. Scores are Revector's: higher is better.
 */
export class RevectorVectorStore extends VectorStore {
  declare FilterType: SearchFilter
  readonly #config: RevectorStoreConfig
  #vectorModel: string | undefined

  constructor(config: RevectorStoreConfig)
  /** As LangChain's other stores are made. `embeddings` is not used; a warning says so. */
  constructor(embeddings: EmbeddingsInterface | null | undefined, config: RevectorStoreConfig)
  constructor(
    first: RevectorStoreConfig | EmbeddingsInterface | null | undefined,
    second?: RevectorStoreConfig,
  ) {
    super(noEmbeddings, {})
    const config = second ?? first
    if (typeof config !== 'object' || config === null || !('revector' in config)) {
      throw new RevectorError('INVALID_INPUT', 'Expected the Revector that the store is to use, got none.', {
        hint: 'new RevectorVectorStore({ revector: await createRevector({ … }) })',
        data: { field: 'revector' },
      })
    }
    if (second !== undefined) sayUnused(first)
    this.#config = config
    this.#vectorModel = config.vectorModel
  }

  override _vectorstoreType(): string {
    return 'revector'
  }

  /**
   * Stores documents, embedded with every model that is written.
   *
   * @returns their ids: as given, or new UUIDs
   * @throws RevectorError DOCUMENTS_FAILED naming those that were not stored, as all others were; MODEL_UNKNOWN, PROVIDER_*
   */
  override async addDocuments(documents: DocumentInterface[], options: AddOptions = {}): Promise<string[]> {
    return this.#add(documents, options, () => undefined)
  }

  /**
   * The same, with vectors that `vectorModel` has made of the texts. Other written models embed them.
   *
   * @throws RevectorError also EMBEDDING_DIMENSION_MISMATCH, INVALID_INPUT where a vector has a NaN or is all zeros
   */
  override async addVectors(
    vectors: number[][],
    documents: DocumentInterface[],
    options: AddOptions = {},
  ): Promise<string[]> {
    if (vectors.length !== documents.length) {
      throw new RevectorError(
        'INVALID_INPUT',
        `Expected one vector for each document, got ${counted(vectors.length, 'vector')} for ${counted(documents.length, 'document')}.`,
        { hint: 'Pass both lists in the same order.' },
      )
    }
    const { name } = await this.#modelOfVectors()
    return this.#add(documents, options, (place) => {
      const vector = vectors[place]
      return vector === undefined ? undefined : { [name]: vector }
    })
  }

  async #add(
    documents: readonly DocumentInterface[],
    { ids = [], signal }: AddOptions,
    vectorsOf: (place: number) => Readonly<Record<string, number[]>> | undefined,
  ): Promise<string[]> {
    const given = documents.map((document, place) => ids[place] ?? document.id ?? randomUUID())
    function* chunked(): Iterable<ChunkedDocument> {
      for (const [place, { pageContent, metadata }] of documents.entries()) {
        const chunk = { content: pageContent, vectors: vectorsOf(place) }
        const title = titleOf(pageContent, metadata)
        yield { title, source: sourceOfId(given[place] ?? ''), metadata, chunks: [chunk] }
      }
    }
    const failed: { readonly id: string | undefined; readonly code: string; readonly message: string }[] = []
    const onDocument = (result: DocumentResult): void => {
      if (result.outcome !== 'failed') return
      const { code, message } = result.error
      failed.push({ id: given[result.index], code, message })
    }
    await this.#config.revector.ingestion.ingestChunks(chunked(), { signal, onDocument })
    const [first] = failed
    if (first === undefined) return given
    throw new RevectorError(
      'DOCUMENTS_FAILED',
      `${counted(failed.length, 'document')} of ${documents.length} could not be stored, all others were. The first: ${first.message}`,
      { hint: 'See `data.failed` for the id of each and its reason.', data: { failed } },
    )
  }

  /** @throws RevectorError INVALID_INPUT where neither ids nor a filter is given */
  override async delete({ ids, filter }: DeleteParams = {}): Promise<void> {
    const sources = ids?.map(sourceOfId)
    await this.#config.revector.documents.removeAll({ sources, filter: checkFilter(filter) })
  }

  override async similaritySearch(query: string, k = 4, filter?: SearchFilter): Promise<Document[]> {
    return (await this.similaritySearchWithScore(query, k, filter)).map(([document]) => document)
  }

  override async similaritySearchWithScore(
    query: string,
    k = 4,
    filter?: SearchFilter,
  ): Promise<[Document, number][]> {
    const { minScore, revector } = this.#config
    return scored(await revector.retriever.search({ query, topK: k, minScore, filter: checkFilter(filter) }))
  }

  /**
   * Searches with a vector that `vectorModel` has made, which must be the current model.
   *
   * @throws RevectorError MODEL_SPACE_CONFLICT where it is not, EMBEDDING_DIMENSION_MISMATCH
   */
  override async similaritySearchVectorWithScore(
    query: number[],
    k: number,
    filter?: SearchFilter,
  ): Promise<[Document, number][]> {
    const { name, current } = await this.#modelOfVectors()
    if (name !== current) {
      throw new RevectorError(
        'MODEL_SPACE_CONFLICT',
        `The vector is one of "${name}", and the current model is "${current}": their distances mean nothing.`,
        {
          hint: 'Search by text (similaritySearch), which is embedded with the current model; or make the vector with that model and say so by `vectorModel`.',
          data: { model: name, current },
        },
      )
    }
    const { minScore, revector } = this.#config
    const queryVector = Float32Array.from(query)
    const request = { queryVector, modelName: name, topK: k, minScore, filter: checkFilter(filter) }
    return scored(await revector.retriever.search(request))
  }

  /** The model of vectors that are handed in: held from the first one on, whatever becomes current. */
  async #modelOfVectors(): Promise<{ readonly name: string; readonly current: string }> {
    const models = await this.#config.revector.models.list()
    const current = models.find((model) => model.state === 'current')?.modelName ?? ''
    this.#vectorModel ??= current
    return { name: this.#vectorModel, current }
  }

  static override async fromTexts(
    texts: string[],
    metadatas: object[] | object,
    embeddings: EmbeddingsInterface | null | undefined,
    config: RevectorStoreConfig,
  ): Promise<RevectorVectorStore> {
    const documents = texts.map((pageContent, place) => {
      const metadata: object | undefined = Array.isArray(metadatas) ? metadatas[place] : metadatas
      return new Document({ pageContent, metadata: { ...metadata } })
    })
    return RevectorVectorStore.fromDocuments(documents, embeddings, config)
  }

  static override async fromDocuments(
    documents: DocumentInterface[],
    embeddings: EmbeddingsInterface | null | undefined,
    config: RevectorStoreConfig,
  ): Promise<RevectorVectorStore> {
    const store = new RevectorVectorStore(embeddings, config)
    await store.addDocuments(documents)
    return store
  }

  /** The documents that are there, LangChain’s and others. */
  static async fromExistingIndex(
    embeddings: EmbeddingsInterface | null | undefined,
    config: RevectorStoreConfig,
  ): Promise<RevectorVectorStore> {
    return new RevectorVectorStore(embeddings, config)
  }
}

const scored = ({ hits }: SearchResult): [Document, number][] =>
  hits.map((hit) => [documentOf(hit), hit.score])

// A model that costs nothing: each text names the vector it has. What remains to be measured is Revector.
//
// "passage 17 of the corpus" is document vector 17; "query 5" is query vector 5.

export function freeModel(modelName, { dimension, documents, queries = [] }) {
  const vectorOf = (text) => {
    const [, kind, index] = /(passage|query) (\d+)/.exec(text)
    return (kind === 'query' ? queries : documents)[Number(index)]
  }
  const spec = {
    modelName,
    dimension,
    provider: 'custom',
    remoteName: modelName,
    revision: '',
    pooling: '',
    normalize: false,
    documentPrefix: '',
    queryPrefix: '',
    distance: 'cosine',
    baseUrl: null,
  }
  const model = {
    spec,
    embed: async (texts) => ({ vectors: texts.map(vectorOf), tokens: 0 }),
    embedEach: async (texts) => ({ outcomes: texts.map((text) => ({ vector: vectorOf(text) })), tokens: 0 }),
    close: async () => {},
  }
  return { spec, open: async () => model }
}

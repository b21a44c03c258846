// A model that costs nothing: each text names the vector it has. What remains to be measured is Revector.
//
// "passage 17 of the corpus" is document vector 17; "query 5" is query vector 5.

import { setTimeout as wait } from 'node:timers/promises'

export function freeModel(modelName, { dimension, documents, queries = [] }) {
  const vectorOf = (text) => {
    const [, kind, index] = /(passage|query) (\d+)/.exec(text)
    return (kind === 'query' ? queries : documents)[Number(index)]
  }
  return { modelName, dimension, embed: async (texts) => texts.map(vectorOf) }
}

/** Needs no vectors beforehand, so that any process can have it: as near to each other as the passages' numbers are. */
export function numberedModel(modelName, { dimension, latencyMs = 0 }) {
  const vectorOf = (text) => {
    const n = Number(/(\d+)/.exec(text)?.[1] ?? 0)
    return Float32Array.from({ length: dimension }, (_, i) => Math.sin((n + 1) * (i + 1) * 0.001) + 0.01)
  }
  return {
    modelName,
    dimension,
    async embed(texts) {
      if (latencyMs > 0) await wait(latencyMs)
      return texts.map(vectorOf)
    },
  }
}

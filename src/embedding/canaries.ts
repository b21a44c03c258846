import type { EmbeddingModel } from './contract.ts'

/**
 * Fixed texts of our own: short and long, three scripts, code, numbers. Embedded when a model is first filled
 * and from time to time afterwards, they show whether its provider still serves the same model under its name.
 */
export const canaryTexts: readonly string[] = [
  'The lighthouse keeper wrote down the weather twice a day for forty years.',
  'Refunds are paid within 14 days after the goods have come back undamaged.',
  'for (const [key, value] of Object.entries(settings)) console.info(key, value)',
  'In 1905 the harbour handled 12,480 tonnes of grain, 3,112 of timber and 96 of salt.',
  'Die Brücke wurde nach dem Hochwasser innerhalb von sechs Monaten neu gebaut.',
  'Поезд на Одессу отправляется с третьего пути в половине восьмого.',
  '図書館は月曜日と祝日に休館します。',
  'A short answer is no. The longer one begins with what is meant by memory: a machine that keeps every reading of ' +
    'every sensor remembers nothing until somebody asks it a question that one of the readings answers, and whoever ' +
    'asks must know beforehand that there was a sensor.',
]

export interface Canary {
  readonly text: string
  readonly vector: Float32Array
}

/** @throws RevectorError what the model throws */
export async function makeCanaries(
  model: EmbeddingModel,
  texts: readonly string[] = canaryTexts,
  signal?: AbortSignal,
): Promise<readonly Canary[]> {
  if (texts.length === 0) return []
  const { vectors } = await model.embed(texts, { kind: 'document', signal })
  return texts.flatMap((text, i) => {
    const vector = vectors[i]
    return vector === undefined ? [] : [{ text, vector }]
  })
}

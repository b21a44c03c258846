// A user who keeps asking while the model is changed.

/** Asks one question after the other, with a breath in between, until told to stop. */
export function keepAsking(revector, questions, { breathMs = 20 } = {}) {
  const times = []
  const byModel = new Map()
  const errors = []
  let going = true

  const asking = (async () => {
    for (let i = 0; going; i++) {
      const query = questions[i % questions.length]
      const began = performance.now()
      try {
        const { models, hits } = await revector.retriever.search({ query, topK: 5 })
        if (hits.length === 0) throw new Error(`nothing found for: ${query}`)
        times.push(performance.now() - began)
        byModel.set(models[0], (byModel.get(models[0]) ?? 0) + 1)
      } catch (error) {
        errors.push(error)
      }
      await new Promise((resolve) => setTimeout(resolve, breathMs))
    }
  })()

  return {
    get answered() {
      return times.length
    },
    get errors() {
      return errors
    },
    byModel,
    /** The share of answers that came at least as fast, as milliseconds. */
    quantile: (share) => quantile(times, share),
    async stop() {
      going = false
      await asking
    },
  }
}

export function quantile(times, share) {
  if (times.length === 0) return 0
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

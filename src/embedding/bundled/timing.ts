import { maxTokens, tokenWidth } from './weights.ts'

/** What each place of a text adds to its token's vector: maxTokens × 256. */
export function timingSignal(frequencies: Float32Array): Float32Array {
  const signal = new Float32Array(maxTokens * tokenWidth)
  const half = tokenWidth / 2
  for (let place = 0; place < maxTokens; place += 1) {
    for (const [at, frequency] of frequencies.entries()) {
      signal[place * tokenWidth + at] = Math.sin(place * frequency)
      signal[place * tokenWidth + half + at] = Math.cos(place * frequency)
    }
  }
  return signal
}

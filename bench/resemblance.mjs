// How much the synthetic vectors of the benchmarks resemble real embeddings:
//   node bench/resemblance.mjs FILE DIMENSION
// FILE holds the real ones as 32-bit floats, one after the other. As many synthetic ones of the same dimension are made.
import { readFileSync } from 'node:fs'
import { median } from './measure.mjs'
import { dotProduct, random, vectorSpace } from './vectors.mjs'

const [pairs, queries] = [20_000, 300]
const neighbours = 20

const [file, width] = process.argv.slice(2)
const dimension = Number(width)
if (file === undefined || !(dimension > 0)) {
  console.error('Usage: node bench/resemblance.mjs FILE DIMENSION')
  process.exit(2)
}
const bytes = readFileSync(file)
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4))
const real = Array.from({ length: Math.floor(numbers.length / dimension) }, (_, i) =>
  unit(numbers.subarray(i * dimension, (i + 1) * dimension)),
).filter((vector) => vector !== null)
const synthetic = vectorSpace(dimension).sample(real.length, 2)
console.table({ [`real (${real.length})`]: resemblance(real), synthetic: resemblance(synthetic) })

/** Cosine similarities: of any two, and of a vector to its neighbours; medians. */
function resemblance(vectors) {
  const draw = random(1)
  const any = () => vectors[Math.floor(draw() * vectors.length)]
  const similarities = Array.from({ length: pairs }, () => dotProduct(any(), any())).filter(
    (s) => s < 1 - 1e-6,
  )
  const mean = similarities.reduce((sum, s) => sum + s, 0) / similarities.length
  const variance = similarities.reduce((sum, s) => sum + (s - mean) ** 2, 0) / similarities.length
  const nearest = Array.from({ length: queries }, () => {
    const query = any()
    return vectors.map((vector) => dotProduct(vector, query)).sort((a, b) => b - a)
  })
  const at = (rank) => rounded(median(nearest.map((found) => found[rank])))
  return {
    'any two': rounded(mean),
    'standard deviation': rounded(Math.sqrt(variance)),
    nearest: at(1),
    '10th': at(10),
    '100th': at(100),
    'intrinsic dimension': rounded(median(nearest.map(intrinsicDimension))),
  }
}

/** The maximum-likelihood estimate from the distances of the nearest. */
function intrinsicDimension(similarities) {
  const distances = similarities.slice(1, neighbours + 1).map((s) => Math.sqrt(Math.max(0, 2 - 2 * s)))
  const farthest = distances[neighbours - 1]
  const logs = distances
    .filter((distance) => distance > 1e-4)
    .map((distance) => Math.log(farthest / distance))
  return logs.length / logs.reduce((sum, log) => sum + log, 0)
}

/** Null for a text that has no vector. */
function unit(vector) {
  const length = Math.sqrt(dotProduct(vector, vector))
  return length < 0.5 ? null : vector.map((value) => value / length)
}

function rounded(value) {
  return Math.round(value * 100) / 100
}

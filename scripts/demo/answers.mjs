// What each model answers to the questions, one after the other and side by side.

import { newer, older } from './models.mjs'
import { questions } from './questions.mjs'
import { bold, clip, columns, dim, green, red, say, sideBySide, tell } from './screen.mjs'

/** Every question to one model: what it found first, and whether the right document was among the first five. */
export async function ask(revector, modelName, signal) {
  const answers = []
  for (const { query, expected } of questions) {
    const { hits } = await revector.retriever.search({ query, modelName, topK: 5, signal })
    const right = hits.findIndex(({ source }) => expected.some((part) => source?.includes(part)))
    answers.push({ query, hits, right: right === -1 ? null : right + 1 })
  }
  return answers
}

export function found(answers) {
  return answers.filter(({ right }) => right !== null).length
}

/** How often the first hit is of the right document. */
export function foundFirst(answers) {
  return answers.filter(({ right }) => right === 1).length
}

export function showOne(answers) {
  const { query, hits } = answers.find(({ right }) => right === null) ?? answers[0]
  say(bold(`“${query}”`))
  for (const hit of hits.slice(0, 2)) {
    say(`${dim(String(hit.rank))}  ${green(hit.score.toFixed(3))}  ${placeOf(hit)}`)
    say(`          ${dim(clip(textOf(hit), columns - 20))}`)
  }
  tell(
    `The words match; the meaning does not always. The right document is in its first five for ${found(answers)} of ${questions.length} questions.`,
  )
}

export function compare(before, after) {
  const shown = questions
    .map((question, i) => ({ question, old: before[i], now: after[i] }))
    .filter(({ old, now }) => old.right !== now.right)
    .slice(0, 3)
  sideBySide([[older.modelName, dim]], [[newer.modelName, dim]])
  for (const { question, old, now } of shown) {
    say()
    say(bold(`“${question.query}”`))
    sideBySide(column(old), column(now))
  }
  say()
  const firsts = bold(`${foundFirst(before)} → ${foundFirst(after)} of ${questions.length}`)
  say(`The right document comes first for ${firsts} questions,`)
  say(`and is among the first five for ${bold(`${found(before)} → ${found(after)}`)}.`)
}

function column({ hits, right }) {
  const [hit] = hits
  if (hit === undefined) return [['nothing', dim]]
  const verdict =
    right === null
      ? ['✗ right document: not in the first 5', red]
      : [`✓ right document: number ${right}`, green]
  return [[placeOf(hit), (text) => text], [clip(textOf(hit), 110), dim], verdict]
}

function placeOf(hit) {
  const path = (hit.source ?? '').replace(/\\/g, '/').replace(/^.*?\/node_modules\//, '')
  const heading = hit.headingPath.at(-1)
  const document = path.replace(/\/readme\.(md|markdown)$/i, '')
  return clip(heading && heading !== document ? `${document} › ${heading}` : document, columns - 17)
}

/** Prose only: without the headings it begins with, links' addresses, pictures and quotation marks of Markdown. */
function textOf(hit) {
  const text = hit.content
    .replace(/^(?:\s*#{1,6} .*\n)+/, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, ' ')
    .replace(/^\s*>\s?/gm, '')
  return text.trim() === '' ? '–' : text
}

// Files that were made, or might as well have been made, to stop a service that reads them.
import { random } from './vectors.mjs'

const mb = 1_000_000

/** One after the other, so that one is in memory at a time. */
export function* hostileFiles() {
  for (const [name, make] of Object.entries(files)) yield { name, bytes: Buffer.from(make()) }
}

const patterns = ['*', '[', '`', '<', '|a|\n', '# a\n', '[](', '<!--', '> - ', '\n\n1. ']
const files = {
  'picture.html': () =>
    `<!doctype html><html><body><p>Text.</p><img alt="A harbour" src="data:image/png;base64,${'iVBORw0KGgo'.repeat(mb / 2)}"></body></html>`,
  'too-long.txt': () => words(50 * mb),
  'words.txt': () => words(5 * mb),
  'no-blanks.txt': () => letters(5 * mb),
  'quotes.md': () => '>'.repeat(100_000),
  'elements.html': () => '<p>a<b>c</b>'.repeat(mb / 10),
  'open-elements.html': () => '<a>'.repeat(mb / 10),
  'repeated.md': () => patterns.map((pattern) => pattern.repeat(mb / 4 / pattern.length)).join('\n\n'),
  'cjk.txt': () => '漢字かな交じり文。'.repeat(mb / 2),
  // The last ones: thousands of equal vectors make the HNSW index slow for those that come after.
  'images-begun.md': () => '!['.repeat(5 * mb),
}

/** Sentences that differ from one another. */
function words(length) {
  const next = random(5)
  const parts = []
  for (let size = 0; size < length; size += parts.at(-1).length) {
    const sentence = Array.from({ length: 12 }, () => Math.floor(next() * 1e6).toString(36)).join(' ')
    parts.push(`${sentence}.${next() < 0.1 ? '\n\n' : ' '}`)
  }
  return parts.join('')
}

function letters(length) {
  const next = random(6)
  return Array.from({ length: length / 4 }, () =>
    Math.floor(36 ** 4 + next() * 35 * 36 ** 3)
      .toString(36)
      .slice(-4),
  ).join('')
}

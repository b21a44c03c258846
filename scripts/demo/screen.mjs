// What the demo draws with: plain text when piped, colours and bars on a terminal. Nothing but Node.
import { styleText } from 'node:util'

const out = process.stdout
const live = out.isTTY === true
const coloured = live && out.hasColors() && !process.argv.includes('--no-color')

export const columns = Math.min(Math.max(out.columns ?? 90, 72), 96)
const paint = (format) => (text) => (coloured ? styleText(format, text, { validateStream: false }) : text)
export const bold = paint('bold')
export const dim = paint('dim')
export const red = paint('red')
export const green = paint('green')
export const cyan = paint('cyan')

const indent = '     '

export function title(text, under) {
  out.write(`\n  ${bold(text)}\n  ${dim(under)}\n  ${dim('─'.repeat(columns - 4))}\n`)
}

let steps = 0
export function step(text) {
  steps += 1
  out.write(`\n  ${cyan(bold(String(steps)))}  ${bold(text)}\n`)
}

export function say(text = '') {
  out.write(`${text === '' ? '' : indent}${text}\n`)
}

/** A paragraph, wrapped. */
export function tell(text) {
  for (const line of wrap(text, columns - indent.length - 2)) say(dim(line))
}

/**
 * A line that is drawn again and again on a terminal, and not at all elsewhere. `text` is asked ten times a second.
 */
export function liveLine(text) {
  if (!live) return { end: () => {} }
  const draw = () => out.write(`\r\x1b[K${indent}${text()}`)
  out.write('\x1b[?25l')
  draw()
  const timer = setInterval(draw, 100)
  return {
    end() {
      clearInterval(timer)
      out.write('\r\x1b[K\x1b[?25h')
    },
  }
}

/** Whatever happens, the cursor comes back. */
process.on('exit', () => live && out.write('\x1b[?25h'))

export function bar(done, total, width = 24) {
  const full = total > 0 ? Math.round((Math.min(done, total) / total) * width) : 0
  return cyan('█'.repeat(full)) + dim('░'.repeat(width - full))
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
export const number = (n) => whole.format(n)
export const milliseconds = (ms) =>
  ms < 10 ? `${tenths.format(ms)} ms` : ms < 1_000 ? `${number(ms)} ms` : `${tenths.format(ms / 1_000)} s`
export const megabytes = (bytes) => `${tenths.format(bytes / 1e6)} MB`

/** Label and value in two columns. */
export function figures(pairs) {
  const width = Math.max(...pairs.map(([label]) => label.length))
  for (const [label, value] of pairs) say(`${dim(label.padEnd(width))}   ${value}`)
}

/** Two texts side by side, each an array of `[text, paint]` paragraphs. */
export function sideBySide(left, right) {
  const width = Math.floor((columns - indent.length - 5) / 2)
  const lines = (paragraphs) =>
    paragraphs.flatMap(([text, colour = (x) => x]) => wrap(text, width).map((line) => [line, colour]))
  const [a, b] = [lines(left), lines(right)]
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [text, colour] = a[i] ?? ['', (x) => x]
    const [other, otherColour] = b[i] ?? ['', (x) => x]
    say(`${colour(text)}${' '.repeat(Math.max(0, width - text.length))} ${dim('│')} ${otherColour(other)}`)
  }
}

export function wrap(text, width) {
  const lines = ['']
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)
    if (line === '') lines[lines.length - 1] = word.slice(0, width)
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word.slice(0, width))
  }
  return lines
}

export function clip(text, length) {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`
}

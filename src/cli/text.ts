import { stripVTControlCharacters, styleText } from 'node:util'

export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

export function styleFor(enabled: boolean): Style {
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    enabled ? styleText(format, text, { validateStream: false }) : text
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  }
}

/** Text of a document or a file name on one line, without terminal control sequences. */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .trim()
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const zeroWidth = /[\p{Mn}\p{Me}\p{Cf}]/u

/** Columns that the text occupies in a terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of stripVTControlCharacters(text)) {
    if (!zeroWidth.test(character)) width += wide.test(character) ? 2 : 1
  }
  return width
}

/** Cut to a number of columns, with `…` if something is left out. The text must be plain. */
export function cut(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let width = 0
  let kept = ''
  for (const character of text) {
    width += displayWidth(character)
    if (width > columns - 1) break
    kept += character
  }
  return `${kept.trimEnd()}…`
}

/** Lines of at most `columns`, broken between words. The text must be plain. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > columns) {
      lines.push(line)
      line = word
    } else {
      line = longer
    }
  }
  return [...lines, line].map((each) => cut(each, columns))
}

export interface Column {
  readonly header: string
  readonly align?: 'left' | 'right'
}

/** Aligned columns, two blanks apart, no trailing blanks, a dim header. Cells may be styled. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
): string {
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.header), ...rows.map((row) => displayWidth(row[i] ?? ''))),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => {
        const blanks = ' '.repeat(Math.max(0, (widths[i] ?? 0) - displayWidth(cell)))
        return columns[i]?.align === 'right' ? blanks + cell : cell + blanks
      })
      .join('  ')
      .trimEnd()
  const header = style.dim(line(columns.map((column) => column.header)))
  return [header, ...rows.map(line)].join('\n')
}

/** `name   value` lines with the values aligned. */
export function facts(pairs: readonly (readonly [string, string])[], style: Style): string {
  const width = Math.max(...pairs.map(([name]) => displayWidth(name)))
  return pairs.map(([name, value]) => `${style.dim(name.padEnd(width))}  ${value}`).join('\n')
}

/** 0.999 is `99.9 %`, never `100 %`: only a complete share is shown as 100. */
export function percent(share: number): string {
  if (share >= 1) return '100 %'
  const tenths = Math.floor(share * 1_000) / 10
  return `${tenths === 0 && share > 0 ? '< 0.1' : tenths.toFixed(tenths < 10 || tenths > 99 ? 1 : 0)} %`
}

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3))
  const value = n / 1_000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}

export function seconds(n: number): string {
  if (n < 1) return `${Math.round(n * 1_000)} ms`
  if (n < 120) return `${n.toFixed(1)} s`
  return `${Math.floor(n / 60)} min ${Math.round(n % 60)} s`
}

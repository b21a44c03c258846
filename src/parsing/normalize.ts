/// <reference lib="es2024.string" />
import type { Metadata } from '../core/document.ts'

/**
 * The text that is stored, and that all offsets refer to: line feeds only, no control characters but tab and
 * line feed, well-formed, composed (NFC, so that equal words are equal text whatever program wrote them), no
 * soft hyphens or byte order marks, no spaces at line ends, no blank lines around it.
 */
export function normalizeText(text: string): string {
  const lines = text
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029\f\v]/g, '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
    .replace(/[\u0000-\u0008\u000e-\u001f\u007f\u00ad\ufeff]/g, '')
    .normalize('NFC')
    .split('\n')
  let first = 0
  while (first < lines.length && (lines[first] ?? '').trim() === '') first++
  return lines
    .slice(first)
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
}

/** On one line, at most 300 code units. */
export function normalizeTitle(text: string): string {
  return normalizeText(text.slice(0, 2000))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
    .toWellFormed()
    .replace(/\ufffd$/, '')
}

/** More metadata than this from one file is noise. */
const longestString = 10_000
const mostFields = 200
const deepest = 6

/** A file's metadata as JSON that PostgreSQL accepts: no `undefined`, NaN, NUL or lone surrogates. */
export function cleanMetadata(fields: Readonly<Record<string, unknown>>): Metadata {
  return cleanObject(fields, 0)
}

function cleanObject(fields: object, depth: number): Record<string, unknown> {
  const cleaned: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields).slice(0, mostFields)) {
    const kept = cleanValue(value, depth)
    if (kept !== undefined && key !== '__proto__') cleaned[cleanString(key)] = kept
  }
  return cleaned
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanString(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
  if (typeof value !== 'object' || depth >= deepest) return undefined
  if (Array.isArray(value)) {
    return value
      .slice(0, mostFields)
      .map((item) => cleanValue(item, depth + 1))
      .filter((item) => item !== undefined)
  }
  return cleanObject(value, depth + 1)
}

function cleanString(text: string): string {
  return text.slice(0, longestString).toWellFormed().replaceAll('\0', '').normalize('NFC')
}

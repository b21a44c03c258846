import type { Metadata } from '../core/document.ts'
import { RevectorError } from '../core/errors.ts'

/** @throws RevectorError INVALID_INPUT */
export function checkText(name: string, value: unknown): void {
  if (typeof value === 'string' && value.trim() !== '') return
  const got = typeof value === 'string' ? 'an empty text' : String(typeof value)
  throw new RevectorError('INVALID_INPUT', `A document needs a ${name}: expected a text, got ${got}.`, {
    hint: `Pass the document's ${name}.`,
    data: { field: name },
  })
}

/** With the metadata of all. @throws RevectorError INVALID_INPUT */
export function checkDocument<Document extends { readonly source?: string; readonly metadata?: Metadata }>(
  document: Document,
  ofAll: Metadata | undefined,
): Document {
  if (typeof document !== 'object' || document === null) {
    throw invalidField('document', `expected an object, got ${document === null ? 'null' : typeof document}`)
  }
  const { source, metadata } = document
  if (source !== undefined && (typeof source !== 'string' || source === '')) {
    throw invalidField('source', `expected a text, got ${source === '' ? 'an empty one' : typeof source}`)
  }
  if (metadata !== undefined && !isJsonObject(metadata)) {
    throw invalidField('metadata', 'expected an object that can be written as JSON')
  }
  return { ...document, metadata: { ...ofAll, ...metadata } }
}

function isJsonObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}

function invalidField(field: string, problem: string): RevectorError {
  return new RevectorError('INVALID_INPUT', `A document's ${field} is invalid: ${problem}.`, {
    hint: 'Correct it and ingest the document again.',
    data: { field },
  })
}

export const sourceOf = (document: unknown): string | null => textOf(document, 'source')
export const titleOf = (document: unknown): string | null => textOf(document, 'title')

function textOf(document: unknown, field: string): string | null {
  if (typeof document !== 'object' || document === null) return null
  const value: unknown = Reflect.get(document, field)
  return typeof value === 'string' && value !== '' ? value : null
}

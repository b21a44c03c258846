import { Lexer, type Token } from 'marked'
import { isMap, parseDocument } from 'yaml'
import type { HeadingSpan } from '../core/document.ts'
import { withoutDataUris } from './data-uris.ts'
import { decodeText } from './decode.ts'
import type { DetectedType } from './detect.ts'
import { markdown } from './media-types.ts'
import { normalizeText } from './normalize.ts'

/** The result of a parser, before limits, fallback title and clean-up of metadata. */
export interface RawDocument {
  readonly title: string | null
  /** Normalised. */
  readonly text: string
  readonly pageOffsets?: readonly number[]
  readonly headings?: readonly HeadingSpan[]
  readonly metadata: Readonly<Record<string, unknown>>
}

export function parseText(bytes: Uint8Array, type: DetectedType): RawDocument {
  const { text, encoding } = decodeText(bytes, { charset: type.charset })
  const normal = normalizeText(text)
  if (type.mediaType !== markdown) return { title: null, text: normal, metadata: { encoding } }
  const { body, fields } = frontMatter(withoutDataUris(normal))
  const given = fields['title']
  return {
    title: typeof given === 'string' && given.trim() !== '' ? given : firstHeading(body),
    text: body,
    metadata: { encoding, ...fields },
  }
}

/** A heading that is the document's title is near its beginning. */
const titleReach = 20_000

/** A line that may be a heading, or what underlines one. */
const headingLike = /^ {0,3}(?:#{1,6}(?:[ \t]|$)|=+[ \t]*$|-+[ \t]*$)/m

export function firstHeading(text: string): string | null {
  if (!headingLike.test(text.slice(0, titleReach))) return null
  // Blocks only: inline content takes most of the time and has no headings.
  for (const token of new Lexer().blockTokens(text.slice(0, titleReach))) {
    if (token.type !== 'heading') continue
    const title = plainText(Lexer.lexInline(token.text)).trim()
    if (title !== '') return title
  }
  return null
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === 'html' || token.type === 'image') return ''
      if ('tokens' in token && token.tokens !== undefined) return plainText(token.tokens)
      return 'text' in token && typeof token.text === 'string' ? token.text : ''
    })
    .join('')
}

const yamlBlock = /^---[ \t]*\n([\s\S]{0,50000}?)\n?^(?:---|\.\.\.)[ \t]*(?:\n|$)/m
const tomlBlock = /^\+\+\+[ \t]*\n([\s\S]{0,50000}?)\n?^\+\+\+[ \t]*(?:\n|$)/m

/** Front matter becomes metadata and is removed from the text; if it can't be parsed, it stays. */
function frontMatter(text: string): { body: string; fields: Readonly<Record<string, unknown>> } {
  const yaml = text.startsWith('---') ? yamlBlock.exec(text) : null
  if (yaml?.index === 0) {
    const fields = readYaml(yaml[1] ?? '')
    if (fields !== null) return { body: normalizeText(text.slice(yaml[0].length)), fields }
  }
  const toml = text.startsWith('+++') ? tomlBlock.exec(text) : null
  if (toml?.index === 0) {
    return { body: normalizeText(text.slice(toml[0].length)), fields: readToml(toml[1] ?? '') }
  }
  return { body: text, fields: {} }
}

function readYaml(source: string): Record<string, unknown> | null {
  try {
    const document = parseDocument(source, { schema: 'core', logLevel: 'silent' })
    if (document.contents === null && source.trim() === '') return {}
    if (document.errors.length > 0 || !isMap(document.contents)) return null
    return document.toJS({ maxAliasCount: 50 })
  } catch {
    return null
  }
}

/** The TOML that front matter uses: `key = value` with strings, numbers, booleans and flat lists. */
function readToml(source: string): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const line of source.split('\n')) {
    if (line.startsWith('[')) break
    const found = /^([\w-]+)[ \t]*=[ \t]*(.+)$/.exec(line)
    if (found?.[1] === undefined || found[2] === undefined) continue
    const value = found[2].trim().replace(/^'([^']*)'$/, (_, inner: string) => JSON.stringify(inner))
    try {
      fields[found[1]] = JSON.parse(value)
    } catch {
      fields[found[1]] = value
    }
  }
  return fields
}

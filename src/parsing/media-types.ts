import { basename, extname } from 'node:path'

export const markdown = 'text/markdown'
export const html = 'text/html'
export const pdf = 'application/pdf'
export const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
export const plain = 'text/plain'

/** Extensions that count as documents in a folder. */
const documents: Readonly<Record<string, string>> = {
  md: markdown,
  markdown,
  mdown: markdown,
  mkd: markdown,
  mdx: markdown,
  txt: plain,
  text: plain,
  rst: 'text/x-rst',
  adoc: 'text/asciidoc',
  asciidoc: 'text/asciidoc',
  org: 'text/x-org',
  html,
  htm: html,
  xhtml: 'application/xhtml+xml',
  pdf,
  docx,
}

/** Data and source code: read as text if a file is named, left out of a folder. */
const others: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  toml: 'application/toml',
  ini: 'text/x-ini',
  log: 'text/x-log',
  tex: 'text/x-tex',
  css: 'text/css',
  js: 'text/javascript',
  mjs: 'text/javascript',
  cjs: 'text/javascript',
  jsx: 'text/javascript',
  ts: 'text/x-typescript',
  tsx: 'text/x-typescript',
  py: 'text/x-python',
  rb: 'text/x-ruby',
  go: 'text/x-go',
  rs: 'text/x-rust',
  java: 'text/x-java',
  kt: 'text/x-kotlin',
  swift: 'text/x-swift',
  c: 'text/x-c',
  h: 'text/x-c',
  cc: 'text/x-c++',
  cpp: 'text/x-c++',
  hpp: 'text/x-c++',
  cs: 'text/x-csharp',
  php: 'text/x-php',
  sh: 'text/x-shellscript',
  bash: 'text/x-shellscript',
  sql: 'text/x-sql',
}

const wellKnownNames =
  /^(?:readme|license|licence|copying|changelog|changes|history|news|contributing|authors|notice|install|faq)$/i

/** By the name's extension; null when it has none or an unknown one. */
export function mediaTypeOfPath(path: string): string | null {
  const extension = extname(path).slice(1).toLowerCase()
  return documents[extension] ?? others[extension] ?? null
}

/** Whether a file in a folder counts as a document, by its name. */
export function isDocumentPath(path: string): boolean {
  const extension = extname(path).slice(1).toLowerCase()
  return extension === '' ? wellKnownNames.test(basename(path)) : Object.hasOwn(documents, extension)
}

/** `Text/HTML; charset="GBK"` → its parts, in lower case. */
export function readMediaType(value: string): { type: string; charset: string | null } {
  const [type = '', ...parameters] = value.split(';')
  let charset: string | null = null
  for (const parameter of parameters) {
    const [name = '', given = ''] = parameter.split('=')
    if (name.trim().toLowerCase() === 'charset') charset = given.trim().replace(/^["']|["']$/g, '')
  }
  return { type: type.trim().toLowerCase(), charset: charset === '' ? null : charset }
}

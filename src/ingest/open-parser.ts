import { workerUrl } from '../core/worker-url.ts'
import { createParser, type Parser, type ParserLimits } from '../parsing/parse.ts'
import { type PackedDocument, unpackDocument } from './packed-document.ts'
import { readAndSplit } from './read-and-split.ts'

/** Reads and splits files; what takes long is done in other processes. */
export function openParser(limits: ParserLimits = {}): Parser {
  return createParser<PackedDocument>(
    {
      here: readAndSplit,
      worker: workerUrl(import.meta.url, './read-worker'),
      unpack: unpackDocument,
    },
    limits,
  )
}

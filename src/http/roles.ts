import type { FastifyRequest } from 'fastify'
import type { ServeOptions } from '../config/serve-options.ts'
import { RevectorError } from '../core/errors.ts'
import type { SearchAs } from '../wire/search-as.ts'

/**
 * Whose rows a request with this key reads; undefined: all. A header counts only with the key of a proxy that is trusted with
 * it: what an unknown client sends decides nothing.
 *
 * @throws RevectorError FORBIDDEN where the proxy did not say, or said it twice
 */
export function roleOf(
  request: FastifyRequest,
  keyName: string,
  { keys, header }: ServeOptions['roles'],
): SearchAs | undefined {
  // `keys` is parsed JSON: only its own properties are names.
  if (Object.hasOwn(keys, keyName)) return keys[keyName]
  if (header === undefined || !header.keys.includes(keyName)) return undefined
  const values = valuesOf(request, header.name)
  const [value = ''] = values
  if (values.length === 1 && value !== '') return { role: header.role, settings: { [header.setting]: value } }
  throw new RevectorError(
    'FORBIDDEN',
    `A request with this key must say once whose it is, in the header ${header.name}.`,
    { hint: 'The proxy that holds the key sets it.', data: { header: header.name } },
  )
}

/** Each as it came: a header that is given twice would be joined elsewhere. */
function valuesOf({ raw: { rawHeaders } }: FastifyRequest, name: string): string[] {
  return rawHeaders.flatMap((value, i) =>
    i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name ? [value] : [],
  )
}

/** @throws RevectorError FORBIDDEN for what would show more than the role's rows */
export function refuseOtherThanReading(request: FastifyRequest, as: SearchAs): void {
  if (request.routeOptions.config.operation?.asRole === true) return
  throw new RevectorError(
    'FORBIDDEN',
    `This key reads as the role "${as.role}": it may search, ask and read documents.`,
    {
      hint: 'Use a key that is not in serve.roles.',
      data: { role: as.role },
    },
  )
}

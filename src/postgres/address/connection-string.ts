import type { RevectorError } from '../../core/errors.ts'
import { configInvalid, type Parameters } from './parameters.ts'

const example = 'postgresql://user:password@host:5432/database'

/**
 * A connection URI or `keyword=value …`, as libpq takes them.
 *
 * @throws RevectorError CONFIG_INVALID; the message never repeats the text, which may hold a password
 */
export function parseConnectionString(text: string): Parameters {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]
  if (scheme !== undefined) {
    if (scheme !== 'postgresql' && scheme !== 'postgres') throw notAString(`it begins with ${scheme}://`)
    return parseUri(text.slice(scheme.length + 3))
  }
  if (/^\s*[a-z_]+\s*=/i.test(text)) return parseKeywords(text)
  throw notAString('it is neither a URL nor keyword=value')
}

/** `user:password@host:port,host:port/database?name=value&…` */
function parseUri(rest: string): Parameters {
  const parameters = new Map<string, string>()
  const put = (name: string, value: string): void => {
    if (value !== '') parameters.set(name, value)
  }
  const [, authority = '', path = '', query = ''] =
    /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest.replace(/#.*$/s, '')) ?? []
  const at = authority.lastIndexOf('@')
  if (at < 0 && path.includes('@')) throw notAString('its user or password contains a / that is not encoded')
  const [user = '', ...password] = authority.slice(0, Math.max(at, 0)).split(':')
  put('user', decode(user))
  put('password', decode(password.join(':')))
  const hosts = authority
    .slice(at + 1)
    .split(',')
    .map(hostAndPort)
  put('host', hosts.some(({ host }) => host !== '') ? hosts.map(({ host }) => host).join(',') : '')
  put('port', hosts.some(({ port }) => port !== '') ? hosts.map(({ port }) => port).join(',') : '')
  put('dbname', decode(path))
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    if (equals < 0) throw notAString(`the parameter ${decode(pair)} has no value`)
    const name = decode(pair.slice(0, equals))
    const value = pair.slice(equals + 1)
    // In libpq + is a plus. Many programs write a space like that, which options are full of.
    put(name, decode(name === 'options' ? value.replaceAll('+', ' ') : value))
  }
  return parameters
}

function hostAndPort(text: string): { readonly host: string; readonly port: string } {
  const found = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text)
  if (found === null) throw notAString('one of its hosts is not readable')
  const [, host = '', port = ''] = found
  return { host: decode(host.replace(/^\[(.*)\]$/, '$1')), port }
}

/** `host=db dbname='my db'`: a value with spaces is quoted, \ makes the next character an ordinary one. */
function parseKeywords(text: string): Parameters {
  const parameters = new Map<string, string>()
  const pattern = /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s\\']|\\.)*))(?=\s|$)/sy
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const found = pattern.exec(text)
    if (found === null) throw notAString('a keyword without its value, or a quote that is not closed')
    const [, name = '', quoted, plain = ''] = found
    const value = (quoted ?? plain).replace(/\\(.)/gs, '$1')
    if (value !== '') parameters.set(name, value)
  }
  return parameters
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function notAString(why: string): RevectorError {
  return configInvalid(
    `DATABASE_URL is not a connection string: ${why}.`,
    `Expected the form ${example}; special characters in the password must be %-encoded.`,
  )
}

import type { ProviderName } from '../core/model.ts'

/**
 * Each provider's own hosts, to which its key may always be sent, over TLS. `openai-compatible`: those of Azure at which
 * Microsoft itself answers, not the machines that anyone can rent there.
 */
const ownHosts: Partial<Readonly<Record<ProviderName, RegExp>>> = {
  openai: /^([a-z0-9-]+\.)?api\.openai\.com$/,
  'openai-compatible': /\.(openai|cognitiveservices|services\.ai)\.azure\.com$/,
  cohere: /^api\.cohere\.(com|ai)$/,
  google: /^generativelanguage\.googleapis\.com$/,
  mistral: /^api\.mistral\.ai$/,
  voyage: /^api\.voyageai\.com$/,
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether it is the provider's own address. */
export function isOwnHost(provider: ProviderName, baseUrl: string): boolean {
  const url = parsed(baseUrl)
  const own = ownHosts[provider]
  return url !== null && url.protocol === 'https:' && url.port === '' && own?.test(url.hostname) === true
}

/**
 * Whether the operator named the address. A host without a port stands for all of its ports; one without a scheme for TLS, or
 * for this machine, where no one listens.
 */
export function isNamedHost(keyHosts: readonly string[], baseUrl: string): boolean {
  const url = parsed(baseUrl)
  if (url === null) return false
  return keyHosts.some((entry) => {
    if (/^https?:/i.test(entry)) return parsed(entry)?.origin === url.origin
    const named = parsed(`https://${entry}`)
    if (named?.hostname !== url.hostname) return false
    const [, port] = /:(\d+)\/?$/.exec(entry) ?? []
    return (
      (port === undefined || Number(port) === portOf(url)) && (url.protocol === 'https:' || isLoopback(url))
    )
  })
}

/** Whether the address is on this machine. */
export function isOnThisMachine(baseUrl: string): boolean {
  const url = parsed(baseUrl)
  return url !== null && isLoopback(url)
}

/** Without what a URL may contain beside it: a password, a parameter. */
export function originOf(baseUrl: string): string {
  return parsed(baseUrl)?.origin ?? 'an address that is no URL'
}

/** The entry that names the address. */
export function entryFor(baseUrl: string): string {
  const url = parsed(baseUrl)
  if (url === null) return 'HOST'
  return url.protocol === 'https:' || isLoopback(url) ? url.host : url.origin
}

function parsed(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}

function isLoopback({ hostname }: URL): boolean {
  return loopback.test(hostname)
}

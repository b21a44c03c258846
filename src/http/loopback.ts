import { isIPv4 } from 'node:net'

/** Whether an address to listen on, or the name in a Host header, is this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    (isIPv4(name) && name.startsWith('127.'))
  )
}

/** `localhost:8080` → `localhost`; `[::1]:8080` → `::1`. Null if there is no such name. */
export function nameOfHost(header: string | undefined): string | null {
  if (header === undefined || !URL.canParse(`http://${header}`)) return null
  return new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, '')
}

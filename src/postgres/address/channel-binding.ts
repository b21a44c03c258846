import type { Connection } from 'pg'
import type { ServerAddress } from './address.ts'

/**
 * channel_binding=require: the server proves with its certificate that it knows the password. Its demand for anything else is
 * refused before the password could be sent. To be called before `pg` listens itself.
 */
export function requireChannelBinding(
  wire: Connection,
  { channelBinding }: Pick<ServerAddress, 'channelBinding'>,
): void {
  if (channelBinding !== 'require') return
  let bound = false
  const refuse = (how: string): void => {
    const message = `channel_binding=require, but the server ${how}`
    wire.stream.destroy(Object.assign(new Error(message), { code: '28000' }))
  }
  wire.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
    bound = mechanisms.includes('SCRAM-SHA-256-PLUS')
    if (!bound) refuse('offers no channel binding')
  })
  wire.on('authenticationCleartextPassword', () => refuse('asks for the password as it is'))
  wire.on('authenticationMD5Password', () => refuse('asks for an MD5 hash of the password'))
  wire.on('authenticationOk', () => {
    if (!bound) refuse('asked for no proof of the password')
  })
}

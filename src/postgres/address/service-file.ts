import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ConnectionEnvironment, checkParameters, configInvalid, type Parameters } from './parameters.ts'

/** Where Debian and others keep the file of the whole machine, if PGSYSCONFDIR does not say. */
const systemFolder = '/etc/postgresql-common'

/**
 * The parameters of one service: of PGSERVICEFILE or ~/.pg_service.conf, else of the machine's pg_service.conf.
 *
 * @throws RevectorError CONFIG_INVALID
 */
export async function serviceParameters(
  service: string,
  environment: ConnectionEnvironment,
): Promise<Parameters> {
  const { PGSERVICEFILE: named, PGSYSCONFDIR: folder, HOME: home } = environment
  const own = named || (home === undefined ? undefined : join(home, '.pg_service.conf'))
  const files = [own, join(folder || systemFolder, 'pg_service.conf')].filter((file) => file !== undefined)
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (file !== named) return null
      throw configInvalid(`The service file ${file} could not be read.`, 'Correct PGSERVICEFILE.', error)
    })
    const found = text === null ? null : section(text, service, file)
    if (found !== null) return found
  }
  throw configInvalid(
    `The service "${service}" is in none of the service files: ${files.join(', ')}.`,
    'Add a section with this name, or correct PGSERVICE or the parameter service.',
  )
}

function section(text: string, service: string, file: string): Parameters | null {
  let found: Map<string, string> | null = null
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    if (trimmed.startsWith('[')) {
      if (found !== null) break
      if (trimmed === `[${service}]`) found = new Map()
      continue
    }
    if (found === null) continue
    const equals = trimmed.indexOf('=')
    const name = trimmed.slice(0, Math.max(equals, 0)).trim()
    if (name === '' || name === 'service' || name === 'servicefile') {
      throw configInvalid(
        `Line ${index + 1} of the service file ${file} is not a parameter of a connection.`,
        'Expected name=value, without another service.',
      )
    }
    const value = trimmed.slice(equals + 1).trim()
    // As in libpq the first one counts.
    if (value !== '' && !found.has(name)) found.set(name, value)
  }
  if (found !== null) checkParameters(found, `the service "${service}" in ${file}`)
  return found
}

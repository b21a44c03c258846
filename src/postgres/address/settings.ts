import { configInvalid, type Parameters } from './parameters.ts'

/** A setting of the server that each session gets: name, value. */
export type Setting = readonly [name: string, value: string]

const ofTheirOwn = [
  'search_path',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
] as const

/**
 * What `options=-c name=value` and the settings with a parameter of their own ask for. They are set after connecting: poolers
 * refuse `options` in the startup message.
 *
 * @throws RevectorError CONFIG_INVALID
 */
export function settingsOf(parameters: Parameters): readonly Setting[] {
  const direct = ofTheirOwn.flatMap((name): Setting[] => {
    const value = parameters.get(name)
    return value === undefined ? [] : [[name, value]]
  })
  return [...optionSettings(parameters.get('options') ?? ''), ...direct]
}

function optionSettings(options: string): readonly Setting[] {
  const words = [...options.matchAll(/(?:[^\s\\]|\\.)+/gs)].map(([word]) => word.replace(/\\(.)/gs, '$1'))
  const settings: Setting[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    const text = word === '-c' ? words[++at] : /^(?:-c|--)(.+)$/s.exec(word)?.[1]
    const [, name, value] = /^([a-z_][\w.-]*)=(.*)$/is.exec(text ?? '') ?? []
    if (name === undefined || value === undefined) {
      throw configInvalid(
        `The options of DATABASE_URL have "${word}", which is not supported.`,
        'Expected settings: options=-c name=value, or --name=value. Spaces in a value need a \\ in front.',
      )
    }
    // As the server reads them: --search-path is -c search_path.
    settings.push([word.startsWith('--') ? name.replaceAll('-', '_') : name, value])
  }
  return settings
}

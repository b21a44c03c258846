const units = { kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 } as const

/** An amount of memory as PostgreSQL spells it: `512MB`, `4GB`. */
export const byteSizePattern = /^\s*(\d+(?:\.\d+)?)\s*(kB|MB|GB|TB)\s*$/i

/** In bytes; null if it is not spelled that way. */
export function parseByteSize(text: string): number | null {
  const [, amount, spelled] = byteSizePattern.exec(text) ?? []
  const unit = Object.entries(units).find(([name]) => name.toLowerCase() === spelled?.toLowerCase())?.[1]
  return amount === undefined || unit === undefined ? null : Math.floor(Number(amount) * unit)
}

/** Rounded up, as it may be given: `1.9GB`. */
export function byteSize(bytes: number): string {
  const unit = bytes >= units.GB ? 'GB' : 'MB'
  const value = Math.ceil((bytes / units[unit]) * (unit === 'GB' ? 10 : 1)) / (unit === 'GB' ? 10 : 1)
  return `${value}${unit}`
}

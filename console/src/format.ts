const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const count = (value: number): string => whole.format(value)

/** `1 chunk`, `2 chunks`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** Never rounds up to what is not reached: 99.97 % is not 100 %. */
export function percent(share: number): string {
  if (share >= 1) return '100 %'
  const value = Math.floor(share * 1000) / 10
  return `${value < 10 && value > 0 ? value.toFixed(1) : Math.floor(value)} %`
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  let rest = value
  // What would be rounded to 1,000 is one of the next.
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000
    unit += 1
  }
  return `${rest < 10 && unit > 0 ? rest.toFixed(1) : whole.format(rest)} ${units[unit]}`
}

export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`
  return value < 10 ? `${value.toFixed(1)} ms` : `${whole.format(value)} ms`
}

export function duration(seconds: number): string {
  if (seconds < 1) return 'less than a second'
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 129_600) return `${(seconds / 3600).toFixed(1)} h`
  return counted(Math.round(seconds / 86_400), 'day')
}

export function dollars(value: number): string {
  if (value === 0) return '$0'
  return value < 0.01 ? 'less than $0.01' : `$${value.toFixed(2)}`
}

const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
const timeOnly = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

export const date = (iso: string): string => dateTime.format(new Date(iso))
export const time = (iso: string): string => timeOnly.format(new Date(iso))

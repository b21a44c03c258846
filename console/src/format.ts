const locale = 'en-US'
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const cents = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD' })
const exact = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', maximumFractionDigits: 6 })

/** `7,673` */
export const count = (value: number): string => whole.format(value)

/** `1 chunk`, `7,673 chunks` */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** Per second: `0.4`, `1,234` */
export const rate = (value: number): string => (value < 10 ? tenths : whole).format(value)

/** Never rounded up to what is not reached: 99.97 % is not 100 %. */
export function percent(share: number): string {
  if (share >= 1) return '100 %'
  const value = Math.floor(share * 1000) / 10
  return `${value < 10 && value > 0 ? tenths.format(value) : whole.format(Math.floor(value))} %`
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  let rest = value
  // From here on a number would be rounded to 1,000 of its unit.
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000
    unit += 1
  }
  return `${(rest < 10 && unit > 0 ? tenths : whole).format(rest)} ${units[unit]}`
}

export function milliseconds(value: number): string {
  if (value >= 1000) return `${tenths.format(value / 1000)} s`
  return `${(value < 10 ? tenths : whole).format(value)} ms`
}

export function duration(seconds: number): string {
  if (seconds < 1) return 'less than a second'
  if (seconds < 90) return `${whole.format(seconds)} s`
  if (seconds < 5400) return `${whole.format(seconds / 60)} min`
  if (seconds < 129_600) return `${tenths.format(seconds / 3600)} h`
  return counted(Math.round(seconds / 86_400), 'day')
}

/** `$0`, `$0.02`, `$1,234.57` */
export function dollars(value: number): string {
  if (value === 0) return '$0'
  return value < 0.01 ? 'less than $0.01' : cents.format(value)
}

/** With fractions of a cent, as in a price per million tokens: `$0.13`, `$0.025` */
export const exactDollars = (value: number): string => (value === 0 ? '$0' : exact.format(value))

const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
const timeOnly = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

export const date = (iso: string): string => dateTime.format(new Date(iso))
export const time = (iso: string): string => timeOnly.format(new Date(iso))

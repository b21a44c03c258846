const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const cents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' })
const exact = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 6 })

/** `7,673`: every number of things that a user reads. */
export const grouped = (n: number): string => whole.format(n)

/** `1 chunk`, `7,673 chunks`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`
}

/** `$0`, `$0.02`, `$1,234.57`; below one cent up to six digits, so that it is not shown as nothing. */
export function dollars(usd: number): string {
  if (usd === 0) return '$0'
  return Math.abs(usd) < 0.01 ? exact.format(usd) : cents.format(usd)
}

/** Where fractions of a cent tell amounts apart, as in a price per million tokens: `$0.13`, `$0.025`. */
export const exactDollars = (usd: number): string => (usd === 0 ? '$0' : exact.format(usd))

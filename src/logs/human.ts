/** One JSON line of the log in readable form: `12:40:41 warn   message  code=RATE_LIMITED`. */
export function formatForPeople(jsonLine: string): string {
  const line = JSON.parse(jsonLine) as Record<string, unknown>
  const { time, level, msg, pid: _pid, event: _event, ...fields } = line
  const clock = typeof time === 'string' ? time.slice(11, 19) : ''
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${short(value)}`)
  return `${[clock, String(level).padEnd(5), String(msg), ...rest].join(' ')}\n`
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /\s/.test(text) ? JSON.stringify(text) : text
}

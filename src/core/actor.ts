import { hostname, userInfo } from 'node:os'

/** The default actor: the user of this process and its host. */
export function thisActor(): string {
  return `${userName()}@${hostname()}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a uid that has no name.
    return 'unknown'
  }
}

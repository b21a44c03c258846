import { hostname, userInfo } from 'node:os'

/** Who acts where nobody said so: the user of this process, and its host. */
export function thisActor(): string {
  return `${userName()}@${hostname()}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under an id that has no name.
    return 'unknown'
  }
}

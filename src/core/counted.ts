/** `1 chunk`, `2 chunks`, for sentences about a number of things. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

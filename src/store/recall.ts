/** The neighbours that one search should have found, and how many of them it did. */
export interface Asked {
  readonly wanted: number
  readonly found: number
}

/** A recall with its 95 % interval. */
export interface Recall {
  readonly recall: number
  readonly interval: readonly [low: number, high: number]
}

const z95 = 1.96

/**
 * The recall of all searches together, with Wilson's interval. Neighbours of one query are found or missed together,
 * so they count as fewer than their number: by how much, the differences between the queries tell.
 */
export function recallOf(asked: readonly Asked[]): Recall {
  const counted = asked.filter(({ wanted }) => wanted > 0)
  const wanted = counted.reduce((sum, one) => sum + one.wanted, 0)
  if (wanted === 0) return { recall: 1, interval: [0, 1] }
  const recall = counted.reduce((sum, one) => sum + one.found, 0) / wanted
  const trials = wanted / designEffect(counted, recall)
  const centre = (recall + z95 ** 2 / (2 * trials)) / (1 + z95 ** 2 / trials)
  const spread =
    (z95 * Math.sqrt((recall * (1 - recall)) / trials + z95 ** 2 / (4 * trials ** 2))) /
    (1 + z95 ** 2 / trials)
  return { recall, interval: [Math.max(0, centre - spread), Math.min(1, centre + spread)] }
}

/** How many times the variance between queries is that of independent neighbours; at least 1. */
function designEffect(asked: readonly Asked[], recall: number): number {
  const chance = recall * (1 - recall)
  if (chance === 0 || asked.length < 2) return 1
  const each = asked.reduce((sum, { wanted }) => sum + wanted, 0) / asked.length
  const squares = asked.reduce((sum, { wanted, found }) => sum + (found - recall * wanted) ** 2, 0)
  const between = squares / (asked.length - 1) / each ** 2
  return Math.max(1, (between * each) / chance)
}

/**
 * The least of the ascending values that reaches what is wanted, where more never finds less: doubling finds the
 * first that does, halving the distance to the one before it finds the least, to a tenth.
 */
export async function leastReaching(
  wanted: number,
  range: { readonly least: number; readonly most: number },
  measure: (value: number) => Promise<Recall>,
): Promise<{ readonly value: number; readonly tried: readonly Tried[]; readonly reached: boolean }> {
  const tried: Tried[] = []
  const reaches = async (value: number): Promise<boolean> => {
    const found = { value, ...(await measure(value)) }
    tried.push(found)
    return found.recall >= wanted
  }
  let below = 0
  let value = range.least
  while (!(await reaches(value))) {
    if (value >= range.most) return { value: enough(tried), tried, reached: false }
    below = value
    value = Math.min(range.most, value * 2)
  }
  while (below > 0 && value - below > Math.max(5, value / 10)) {
    const middle = Math.round((below + value) / 2)
    if (await reaches(middle)) value = middle
    else below = middle
  }
  return { value, tried, reached: true }
}

export interface Tried extends Recall {
  readonly value: number
}

/** Where nothing reaches it: the least value that is no worse than the best by more than chance. */
function enough(tried: readonly Tried[]): number {
  const best = tried.reduce((most, { recall }) => Math.max(most, recall), 0)
  return tried.find(({ recall }) => recall >= best - 0.005)?.value ?? 0
}

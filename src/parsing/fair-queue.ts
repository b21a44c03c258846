/** Owners take turns, and what one owner brings keeps its order. */
export class FairQueue<Item extends { readonly owner: string }> {
  /** In the order of the turns. */
  readonly #lines = new Map<string, Item[]>()

  push(item: Item): void {
    const line = this.#lines.get(item.owner)
    if (line === undefined) this.#lines.set(item.owner, [item])
    else line.push(item)
  }

  /** The next item of the first owner that is not busy; this owner's turn comes again after all others. */
  take(busy: ReadonlySet<string>): Item | undefined {
    for (const [owner, line] of this.#lines) {
      if (busy.has(owner)) continue
      const item = line.shift()
      this.#lines.delete(owner)
      if (line.length > 0) this.#lines.set(owner, line)
      return item
    }
    return undefined
  }

  remove(item: Item): void {
    const line = this.#lines.get(item.owner) ?? []
    const place = line.indexOf(item)
    if (place !== -1) line.splice(place, 1)
    if (line.length === 0) this.#lines.delete(item.owner)
  }

  /** Everything that waits, taken out. */
  drain(): Item[] {
    const items = [...this.#lines.values()].flat()
    this.#lines.clear()
    return items
  }
}

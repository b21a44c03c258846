import { randomFrom } from '../store/corpus.ts'

const subjects = [
  'bees pollen hive nectar queen swarm honey flower',
  'ships harbour anchor sail captain cargo tide lighthouse',
  'bread oven flour yeast dough crust baker salt',
  'trains station track signal engine ticket platform delay',
  'stars telescope orbit planet comet galaxy light dust',
  'law court judge appeal contract witness verdict clause',
  'guitar string chord melody rhythm concert drum song',
  'garden soil seed tomato rain compost frost harvest',
].map((words) => words.split(' '))

/** Short texts about a few subjects, all different, the same at every call. */
export function paragraphs(count: number, seed = 1): string[] {
  const random = randomFrom(seed)
  return Array.from({ length: count }, (_, i) => {
    const words = subjects[i % subjects.length] ?? []
    const some = Array.from({ length: 12 }, () => words[Math.floor(random() * words.length)])
    return `${some.join(' ')} ${seed}-${i}`
  })
}

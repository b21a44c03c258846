import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Seconds: a search takes milliseconds, an answer of a language model many seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Creates metrics of a registry. Each name begins with the product's. */
export function figuresOf(registry: Registry) {
  const described = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) => ({
    name: `revector_${name}`,
    help,
    labelNames: [...labelNames],
    registers: [registry],
  })
  return {
    counter: <Label extends string>(name: string, help: string, ...labels: readonly Label[]) =>
      new Counter(described(name, help, labels)),
    /** Seconds, in buckets. */
    seconds: <Label extends string>(name: string, help: string, ...labels: readonly Label[]) =>
      new Histogram({ ...described(name, help, labels), buckets }),
    gauge: <Label extends string>(name: string, help: string, ...labels: readonly Label[]) =>
      new Gauge(described(name, help, labels)),
  }
}

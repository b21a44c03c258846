import 'uplot/dist/uPlot.min.css'
import uPlot from 'uplot'
import { duration, rate } from '../../format.ts'
import type { Rates } from './rates.ts'

const height = 190

/** Colours come from the page, so the chart follows its theme. */
export function drawChart(place: HTMLElement, rates: Rates): { show(rates: Rates): void; end(): void } {
  const colour = (name: string): string => getComputedStyle(place).getPropertyValue(name).trim()
  const axis = (): Pick<uPlot.Axis, 'stroke' | 'grid' | 'ticks' | 'font'> => ({
    stroke: () => colour('--faint'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px Inter, system-ui, sans-serif',
  })
  const chart = new uPlot(
    {
      width: place.clientWidth,
      height,
      legend: { show: false },
      cursor: { y: false },
      padding: [12, 8, 0, 0],
      scales: {
        rate: { range: (_, __, most) => [0, most * 1.15 || 1] },
        left: { range: (_, __, most) => [0, most * 1.15 || 1] },
      },
      axes: [
        {
          ...axis(),
          space: 90,
          size: 30,
          values: (_, times) => times.map((time) => new Date(time * 1000).toLocaleTimeString('en-GB')),
        },
        { ...axis(), scale: 'rate', size: 52, values: (_, values) => values.map(rate) },
        {
          ...axis(),
          scale: 'left',
          side: 1,
          size: 64,
          grid: { show: false },
          values: (_, values) =>
            values.map((value) =>
              value === 0 ? '0' : duration(value).replace('less than a second', '< 1 s'),
            ),
        },
      ],
      series: [
        {},
        {
          scale: 'rate',
          stroke: () => colour('--model'),
          fill: () => `${colour('--model')}22`,
          width: 2.5,
          points: { show: false },
        },
        { scale: 'left', stroke: () => colour('--soft'), width: 1.5, dash: [5, 5], points: { show: false } },
      ],
    },
    dataOf(rates),
    place,
  )
  const sizes = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height }))
  sizes.observe(place)
  const themes = new MutationObserver(() => chart.redraw())
  themes.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return {
    show: (next) => chart.setData(dataOf(next)),
    end() {
      sizes.disconnect()
      themes.disconnect()
      chart.destroy()
    },
  }
}

const dataOf = ({ at, rate, left }: Rates): uPlot.AlignedData => [[...at], [...rate], [...left]]

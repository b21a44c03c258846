const shapes = {
  overview: 'M3 6h4c4 0 3 8 7 8h3M3 14h3M14 6h3',
  search: 'M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l4.5 4.5',
  migration: 'M3 7h11M11 3.5 14.5 7 11 10.5M17 13H6M9 9.5 5.5 13 9 16.5',
  documents: 'M5 2.5h6.5L15.5 6.5v11h-10.5zM11.5 2.5v4h4M8 10.5h5M8 13.5h5',
  map: 'M5 14.5h.01M8.5 6h.01M10 11h.01M14.5 13h.01M13 5h.01M5.5 9.5h.01M16 8.5h.01M9.5 16h.01',
  ask: 'M4 4h12v9H9.5L6 16.5V13H4zM7.5 7.2h5M7.5 9.8h3',
  sun: 'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 1.8v1.7M10 16.5v1.7M1.8 10h1.7M16.5 10h1.7M4.2 4.2l1.2 1.2M14.6 14.6l1.2 1.2M4.2 15.8l1.2-1.2M14.6 5.4l1.2-1.2',
  moon: 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7Z',
  auto: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 3v14M10 6l5 0M10 9h6.8M10 12h6.6M10 15h4.4',
  check: 'M4 10.5 8 14.5 16 5.5',
  cross: 'M5 5l10 10M15 5 5 15',
  dash: 'M5 10h10',
  arrow: 'M4 10h12M11.5 5.5 16 10l-4.5 4.5',
  back: 'M16 10H4M8.5 5.5 4 10l4.5 4.5',
  warn: 'M10 3 18 17H2zM10 8v4M10 14.4v.1',
  upload: 'M10 13.5V3.5M6 7l4-4 4 4M3.5 13v3.5h13V13',
  plus: 'M10 4v12M4 10h12',
} as const

export type IconName = keyof typeof shapes

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class={`icon icon-${name}`} width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  )
}

export function Mark() {
  return (
    <svg class="mark" width="34" height="34" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path class="mark-one" d="M5 10h6c6 0 4 12 10 12h6" />
      <path class="mark-two" d="M5 22h5.5M21.5 10H27" />
    </svg>
  )
}

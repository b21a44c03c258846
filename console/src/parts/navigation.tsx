import { signal } from '@preact/signals'
import { connection } from '../api/request.ts'
import { Icon, type IconName, Mark } from './icon.tsx'

const places: readonly { page: string; name: string; icon: IconName }[] = [
  { page: '', name: 'Overview', icon: 'overview' },
  { page: 'search', name: 'Search', icon: 'search' },
  { page: 'ask', name: 'Ask', icon: 'ask' },
  { page: 'migration', name: 'Migration', icon: 'migration' },
  { page: 'documents', name: 'Documents', icon: 'documents' },
  { page: 'map', name: 'Map', icon: 'map' },
]

export function Navigation({ page }: { page: string }) {
  return (
    <header class="rail">
      <a class="brand" href="#/" aria-label="Revector, overview">
        <Mark />
        <span>Revector</span>
      </a>
      <nav aria-label="Pages">
        <ul>
          {places.map((place) => (
            <li key={place.page}>
              <a href={`#/${place.page}`} aria-current={place.page === page ? 'page' : undefined}>
                <Icon name={place.icon} />
                {place.name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="rail-foot">
        <p class={`link-state link-${connection.value}`}>
          <i aria-hidden="true" />
          <span>{connection.value === 'fine' ? 'Connected' : 'Not connected'}</span>
        </p>
        <Theme />
        <p class="rail-links">
          <a href="/docs">HTTP reference</a>
        </p>
      </div>
    </header>
  )
}

type ThemeName = 'auto' | 'light' | 'dark'
const themes: readonly { name: ThemeName; icon: IconName; label: string }[] = [
  { name: 'auto', icon: 'auto', label: 'Same as the system' },
  { name: 'light', icon: 'sun', label: 'Light' },
  { name: 'dark', icon: 'moon', label: 'Dark' },
]
const stored = localStorage.getItem('revector-theme')
const theme = signal<ThemeName>(stored === 'light' || stored === 'dark' ? stored : 'auto')

function choose(name: ThemeName): void {
  theme.value = name
  if (name === 'auto') localStorage.removeItem('revector-theme')
  else localStorage.setItem('revector-theme', name)
  // theme.js shows it, as it does when another tab chooses.
  dispatchEvent(new Event('storage'))
}

function Theme() {
  return (
    <fieldset class="theme">
      <legend class="unseen">Colours</legend>
      {themes.map(({ name, icon, label }) => (
        <label key={name} title={label}>
          <input
            type="radio"
            name="theme"
            checked={theme.value === name}
            onChange={() => choose(name)}
            aria-label={label}
          />
          <Icon name={icon} size={16} />
        </label>
      ))}
    </fieldset>
  )
}

import { useEffect, useRef } from 'preact/hooks'
import { connection, keyWanted } from './api/request.ts'
import { Ask } from './pages/ask/ask.tsx'
import { Documents } from './pages/documents/documents.tsx'
import { StoredDocumentPage } from './pages/documents/stored-document.tsx'
import { MapPage } from './pages/map/map-page.tsx'
import { MigrationPage } from './pages/migration/migration-page.tsx'
import { Migrations } from './pages/migration/migrations.tsx'
import { Overview } from './pages/overview/overview.tsx'
import { Search } from './pages/search/search.tsx'
import { Announcer } from './parts/announce.tsx'
import { KeyDialog } from './parts/key-dialog.tsx'
import { Navigation } from './parts/navigation.tsx'
import { Empty } from './parts/states.tsx'
import { route, visits } from './route.ts'

const titles: Readonly<Record<string, string>> = {
  '': 'Overview',
  search: 'Search and compare',
  migration: 'Migration',
  documents: 'Documents',
  map: 'Map',
  ask: 'Ask',
}

export function App() {
  const { page, id } = route.value
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)

  useEffect(() => {
    document.title = `${titles[page] ?? 'Not found'} · Revector`
    // The page that loads first leaves the focus where the browser puts it.
    if (!first.current) main.current?.focus({ preventScroll: true })
    if (!first.current) scrollTo(0, 0)
    first.current = false
  }, [page, id])

  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Navigation page={page} />
      <main id="main" tabIndex={-1} ref={main} aria-label={titles[page] ?? 'Not found'}>
        {connection.value === 'lost' && (
          <p class="lost" role="status">
            <strong>The service is not responding.</strong> This page shows the last known state and
            reconnects by itself.
          </p>
        )}
        <Page key={visits.value} page={page} id={id} />
      </main>
      {(keyWanted.value === 'missing' || keyWanted.value === 'wrong') && (
        <KeyDialog wrong={keyWanted.value === 'wrong'} />
      )}
      <Announcer />
    </>
  )
}

function Page({ page, id }: { page: string; id: string | null }) {
  switch (page) {
    case '':
      return <Overview />
    case 'search':
      return <Search />
    case 'migration':
      return id === null ? <Migrations /> : <MigrationPage id={id} />
    case 'documents':
      return id === null ? <Documents /> : <StoredDocumentPage id={id} />
    case 'map':
      return <MapPage />
    case 'ask':
      return <Ask />
    default:
      return (
        <Empty title="Page not found">
          <a href="#/">Go to the overview</a>
        </Empty>
      )
  }
}

import { render } from 'preact'
import { App } from './app.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/lanes.css'
import './styles/search.css'
import './styles/migration.css'
import './styles/documents.css'
import './styles/map.css'
import './styles/ask.css'

const place = document.getElementById('console')
if (place !== null) render(<App />, place)

// Before anything is painted: the theme that was chosen here, or the system's. A file of its own, because the page's policy
// allows no script inside it.
const system = matchMedia('(prefers-color-scheme: dark)')
function showTheme() {
  const chosen = localStorage.getItem('revector-theme')
  const known = chosen === 'light' || chosen === 'dark'
  document.documentElement.dataset.theme = known ? chosen : system.matches ? 'dark' : 'light'
}
showTheme()
system.addEventListener('change', showTheme)
// Chosen on this page, or in another tab.
addEventListener('storage', showTheme)

// Before anything is painted: the theme that was chosen here, where one was. A file of its own, because the page's
// policy allows no script inside it.
const chosen = localStorage.getItem('revector-theme')
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen

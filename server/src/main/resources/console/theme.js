// Light or dark: as the system has it, until somebody says otherwise.

const KEY = 'varve-console-theme';
const button = document.getElementById('theme');
const dark = matchMedia('(prefers-color-scheme: dark)');

function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // the browser keeps nothing for us
  }
}

function apply(theme) {
  const now = theme ?? (dark.matches ? 'dark' : 'light');
  if (theme) document.documentElement.dataset.theme = theme;
  button.textContent = now === 'dark' ? 'Light' : 'Dark';
  button.setAttribute('aria-label', now === 'dark' ? 'Light colours' : 'Dark colours');
  return now;
}

let current = apply(chosen());
dark.addEventListener('change', () => { current = apply(chosen()); });
button.addEventListener('click', () => {
  current = current === 'dark' ? 'light' : 'dark';
  apply(current);
  try {
    localStorage.setItem(KEY, current);
  } catch {
    // It holds until the page is loaded again.
  }
});

// Starts the page: each part draws itself, and the feed tells them all what happens.

import { showAccounts } from '/page/accounts.js';
import { showAnalytics } from '/page/analytics.js';
import { followFeed } from '/page/api.js';
import { hear, loadAll, onChange, takeIn } from '/page/bank.js';
import { announce, byId, coalesced, setText } from '/page/dom.js';
import { showFeed } from '/page/feed.js';
import { showForms } from '/page/forms.js';
import { showHealth } from '/page/health.js';
import { showPast } from '/page/past.js';
import { showProjections } from '/page/projections.js';
import { showTransfers } from '/page/transfers.js';

themeButton();
showAccounts();
showForms();
showTransfers();
showPast();
const figures = showAnalytics();
const health = showHealth();
const feed = showFeed();
const projections = showProjections();
onChange('accounts', figures);
await loadAll().catch(() => {}); // the names, before the first events name accounts; the feed has it done again

const load = coalesced(300, loadAll);
let live = false; // what comes first happened before; what the page shows then is asked for once
let lost = false;

followFeed({
  event(event) {
    hear(event);
    feed.take(event);
    if (live) takeIn(event);
  },
  store(reachable) {
    feed.store(reachable);
    health.store(reachable);
    if (reachable && (!live || lost)) {
      live = true;
      load();
    }
    if (lost !== !reachable) announce(reachable ? 'The store is back.' : 'The store is away.');
    lost = !reachable;
  },
  link(linked) {
    if (!linked) live = false;
    feed.link(linked);
    health.link(linked);
  },
  projections(all) {
    health.projections(all);
    projections(all);
  },
  reset() {
    location.reload();
  },
});

/** Light, dark, or what the system has. */
function themeButton() {
  const button = byId('theme');
  const order = ['system', 'light', 'dark'];
  let theme = document.documentElement.dataset.theme ?? 'system';
  const say = () => setText(button, `Theme: ${theme}`);
  button.addEventListener('click', () => {
    theme = order[(order.indexOf(theme) + 1) % order.length];
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('theme', theme);
    } catch {
      // It lasts as long as the page, then.
    }
    say();
  });
  say();
}

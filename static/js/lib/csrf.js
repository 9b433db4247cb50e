/** The CSRF token that the browser holds now. (`pages/site.js` has it itself: it comes with every page's first load.) */

export const csrfToken = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";

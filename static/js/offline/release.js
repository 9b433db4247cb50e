/**
 * Says that a newer release has been installed while this page was open. There is no need to reload: edits are still accepted, and a
 * reload keeps what is unsent. Each new connection asks for it, because releases come with a restart of the server.
 */

import { whenIdle } from "../lib/timing.js";

export class Release {
  constructor({ session, notices, texts }) {
    const { serviceWorker } = navigator;
    if (!serviceWorker) return;
    const action = { text: texts.say("reload"), run: () => location.reload() };
    onNewRelease(() => notices.toast(texts.say("new_release"), { stays: true, action })).catch(() => {});
    const ask = async () => (await serviceWorker.getRegistration())?.update();
    session.addEventListener("welcome", () => whenIdle(() => ask().catch(() => {})));
  }
}

/** Call `run` whenever the worker of a newer release has its files. It takes over later, once no page is open. @param {() => void} run */
export async function onNewRelease(run) {
  const registration = await navigator.serviceWorker.ready;
  const watch = ({ installing }) => installing?.addEventListener("statechange", () => installing.state === "installed" && run());
  watch(registration);
  registration.addEventListener("updatefound", () => watch(registration));
}

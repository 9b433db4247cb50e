/**
 * Says that a newer release has been installed while this page was open. There is no need to reload: edits are still accepted, and a
 * reload keeps what is unsent. Each new connection asks for it, because releases come with a restart of the server.
 */

import { whenIdle } from "../lib/timing.js";

export class Release {
  constructor({ session, notices, texts }) {
    const { serviceWorker } = navigator;
    if (!serviceWorker) return;
    let { controller } = serviceWorker;
    serviceWorker.addEventListener("controllerchange", () => {
      const action = { text: texts.say("reload"), run: () => location.reload() };
      if (controller) notices.toast(texts.say("new_release"), { stays: true, action });
      controller = serviceWorker.controller;
    });
    const ask = async () => (await serviceWorker.getRegistration())?.update();
    session.addEventListener("welcome", () => whenIdle(() => ask().catch(() => {})));
  }
}

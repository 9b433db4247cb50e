/**
 * Says that a newer release has come while this page was open. Nobody is made to reload: what is done here is still taken, and
 * whoever reloads finds all that waits. After an absence it is asked for, because a restart of the server is how releases come.
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

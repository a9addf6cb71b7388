// Goes on playing where an address has run out: it asks for the page again, takes the new addresses out of
// it, and goes back to the moment. Holds no sentence and decides nothing; without it the page is loaded anew.
"use strict";

// An address that fails sooner than this did not run out.
const AGAIN_MS = 30_000;

async function fresh(player, number) {
  const answer = await fetch(location.href, { redirect: "error", cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const src = page.querySelectorAll("video.player, audio.player")[number]?.getAttribute("src");
  if (!src) return;
  const moment = player.currentTime;
  player.src = src;
  player.currentTime = moment;
  await player.play();
}

document.querySelectorAll("video.player, audio.player").forEach((player, number) => {
  let tried = -AGAIN_MS;
  player.addEventListener("error", () => {
    if (performance.now() - tried < AGAIN_MS) return;
    tried = performance.now();
    fresh(player, number).catch(() => {});
  });
});

// The waveform follows the sound, a click in it goes there; a word or a sentence is heard when it is clicked, and marked while it is heard.
// Everything is looked up when it happens, so that parts of the page that came later are found, too.
(() => {
  const sentences = (id) => [...document.querySelectorAll(".sentence")].filter((it) => it.dataset.sound === id);
  const seek = async (sound, at) => {
    if (!Number.isFinite(sound.duration)) await sound.play().catch(() => {});
    const length = Number.isFinite(sound.duration) ? sound.duration : at + 1;
    sound.currentTime = Math.min(at, Math.max(0, length - 0.05));
    await sound.play().catch(() => {});
  };
  const follow = (event) => {
    const sound = event.target, player = sound.closest("[data-player]");
    if (!player) return;
    const wave = player.querySelector("[data-wave]"), line = wave?.querySelector(".play");
    const at = wave && sound.duration ? sound.currentTime / sound.duration * wave.viewBox.baseVal.width : 0;
    line?.setAttribute("x1", at);
    line?.setAttribute("x2", at);
    const own = sentences(player.dataset.player);
    const now = own.findLast((it) => Number(it.dataset.at) <= sound.currentTime + 0.05);
    for (const it of own) {
      if (it === now && !sound.ended) it.setAttribute("aria-current", "true");
      else it.removeAttribute("aria-current");
      const words = [...it.children], said = it === now && !sound.ended;
      const word = said && words.findLast((other) => Number(other.dataset.at) <= sound.currentTime + 0.05);
      for (const other of words) other.classList.toggle("said", other === word);
    }
  };
  // What happens to a sound does not bubble.
  document.addEventListener("timeupdate", follow, true);
  document.addEventListener("playing", follow, true);
  const goTo = (wave, clientX) => {
    const sound = wave.closest("[data-player]")?.querySelector("audio");
    if (!sound) return;
    const box = wave.getBoundingClientRect(), share = (clientX - box.left) / box.width;
    if (Number.isFinite(sound.duration)) seek(sound, share * sound.duration);
    else sound.addEventListener("loadedmetadata", () => seek(sound, share * sound.duration), { once: true }), sound.play().catch(() => {});
  };
  document.addEventListener("click", (event) => {
    const wave = event.target.closest("[data-wave]");
    if (wave) return goTo(wave, event.clientX);
    const sentence = event.target.closest(".sentence");
    if (!sentence) return;
    const player = [...document.querySelectorAll("[data-player]")].find((it) => it.dataset.player === sentence.dataset.sound);
    const sound = player?.querySelector("audio");
    if (!sound) return;
    for (const other of document.querySelectorAll("audio")) if (other !== sound) other.pause();
    // By keys it is the sentence that is clicked, by a pointer the word.
    seek(sound, Number((event.target.closest("[data-at]") || sentence).dataset.at));
  });
})();

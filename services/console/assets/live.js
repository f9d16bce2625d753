// The page looks again when something has happened: events say that it has, the page says what.
(() => {
  const kinds = document.body.dataset.live;
  if (!kinds) return;
  const EVERY = 400;
  let last = 0, waiting = null, busy = false, again = false;

  // What is heard, typed or chosen just now is not taken away: the part is replaced when that is over.
  const isUsed = (part) => part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")
    || [...part.querySelectorAll("audio")].some((it) => !it.paused && !it.ended)
    || [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((it) => it.value !== it.defaultValue || it.checked !== it.defaultChecked);
  document.addEventListener("pause", () => soon(), true);
  document.addEventListener("focusout", (event) => { if (event.target.closest("[data-refresh]")) soon(); });

  const replace = (old, fresh) => {
    // The page is dressed, so what came is compared with what had come.
    const sent = fresh.innerHTML;
    if (trunkline.sent.get(old.id) === sent || isUsed(old)) return;
    trunkline.sent.set(old.id, sent);
    const open = [...old.querySelectorAll("details")].map((it) => it.open);
    fresh.querySelectorAll("details").forEach((it, i) => { it.open = Boolean(open[i]); });
    const atEnd = old.scrollHeight - old.scrollTop - old.clientHeight < 40;
    const focused = document.activeElement?.getAttribute?.("href");
    const inside = old.contains(document.activeElement);
    for (const it of old.querySelectorAll("audio")) {
      const same = it.currentTime > 0 && [...fresh.querySelectorAll("audio")].find((other) => other.src === it.src);
      if (same) same.currentTime = it.currentTime;
    }
    trunkline.dress(fresh);
    const known = new Set([...old.querySelectorAll("li, tr")].map((it) => it.textContent));
    for (const it of fresh.querySelectorAll("li, tbody tr")) if (!known.has(it.textContent)) it.classList.add("fresh");
    old.replaceChildren(...fresh.childNodes);
    if (atEnd) old.scrollTop = old.scrollHeight;
    if (inside && focused) [...old.querySelectorAll("a")].find((it) => it.getAttribute("href") === focused)?.focus();
  };
  const look = async () => {
    waiting = null;
    if (busy) { again = true; return; }
    busy = true;
    last = performance.now();
    try {
      const answer = await fetch(location.href, { headers: { "X-Fragment": "1" } });
      if (answer.redirected) return location.reload();
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-refresh][id]")) {
        const fresh = page.getElementById(old.id);
        if (fresh) replace(old, fresh);
      }
    } catch { /* the next event tries again */ } finally {
      busy = false;
      if (again) { again = false; soon(); }
    }
  };
  const soon = () => {
    if (waiting !== null) return;
    waiting = setTimeout(look, Math.max(20, last + EVERY - performance.now()));
  };

  let id = "", pause = 500;
  const follow = async () => {
    try {
      const headers = id ? { "Last-Event-ID": id } : {};
      const answer = await fetch(`/events?type=${encodeURIComponent(kinds.replaceAll(" ", ","))}`, { headers, cache: "no-store" });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(answer.status);
      document.body.dataset.following = "yes";
      pause = 500;
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        rest += value;
        const end = rest.lastIndexOf("\n\n");
        if (end < 0) continue;
        const ids = [...rest.slice(0, end).matchAll(/^id: (.*)$/gm)];
        if (ids.length) id = ids.at(-1)[1];
        if (/^(data|event):/m.test(rest.slice(0, end))) soon();
        rest = rest.slice(end + 2);
      }
    } catch { /* tried again below */ }
    delete document.body.dataset.following;
    // What passed meanwhile is on the page when it looks again.
    setTimeout(() => { soon(); follow(); }, pause);
    pause = Math.min(pause * 2, 15000);
  };
  follow();
})();

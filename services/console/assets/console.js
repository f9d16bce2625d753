"use strict";
// Times in the reader's zone, and the keys of the inbox.
(() => {
  const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const today = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

  window.trunkline = {
    csrf: document.body.dataset.csrf || "",
    // The parts that are replaced when they have changed, as they came.
    sent: new Map([...document.querySelectorAll("[data-refresh][id]")].map((it) => [it.id, it.innerHTML])),
    // What is done to a part of the page each time it is new.
    dress(root) {
      for (const time of root.querySelectorAll("time[datetime]")) {
        const at = new Date(time.dateTime);
        if (Number.isNaN(at.getTime())) continue;
        const same = at.toDateString() === new Date().toDateString();
        time.textContent = (same ? today : day).format(at);
        time.title = full.format(at);
      }
    },
    say(text) {
      document.getElementById("live-status").textContent = text;
    },
  };
  trunkline.dress(document);
  // On a phone the navigation is wider than the page.
  document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  const rows = () => [...document.querySelectorAll(".inbox > li, #list .rows tbody tr")];
  const choose = (step) => {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.classList.contains("chosen"));
    const next = Math.min(all.length - 1, Math.max(0, now + step));
    all.forEach((row) => row.classList.remove("chosen"));
    all[next].classList.add("chosen");
    all[next].querySelector("a").focus();
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.target.form?.requestSubmit();
      return;
    }
    if (typing && event.key === "Escape") event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") choose(1);
    else if (event.key === "k") choose(-1);
    else {
      if (!["/", "r", "e"].includes(event.key)) return;
      const target = document.querySelector(`[data-key="${event.key}"]`);
      if (!target) return;
      if (target.matches("a")) target.click();
      else target.focus();
    }
    event.preventDefault();
  });
})();

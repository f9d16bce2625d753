// How many segments a text has and what it costs, while it is written; the newest message is in view; an answer of the AI's can be written
// on, and how long it still waits is counted down.
(() => {
  const messages = document.getElementById("messages");
  if (messages) messages.scrollTop = messages.scrollHeight;
  const tick = () => {
    for (const it of document.querySelectorAll("[data-until]")) {
      const left = Math.ceil((Date.parse(it.dataset.until) - Date.now()) / 1000);
      it.textContent = left > 0 ? `(in ${left >= 120 ? `${Math.round(left / 60)} min` : `${left} s`})` : "(now)";
    }
  };
  if (messages) { tick(); setInterval(tick, 1000); }
  const field = document.querySelector("[data-segments]");
  if (!field) return;
  const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const DOUBLE = new Set("^{}\\[~]|€\f");
  const out = document.getElementById("segments");
  const before = out.textContent, price = Number(field.dataset.segments) / 1e6;
  const count = () => {
    const text = field.value;
    if (!text) { out.textContent = before; return; }
    let septets = 0, plain = true;
    for (const letter of text) {
      if (BASIC.has(letter)) septets += 1;
      else if (DOUBLE.has(letter)) septets += 2;
      else { plain = false; break; }
    }
    const units = plain ? septets : text.length;
    const [one, many] = plain ? [160, 153] : [70, 67];
    const segments = units <= one ? 1 : Math.ceil(units / many);
    const left = (segments === 1 ? one : segments * many) - units;
    const cost = price > 0 ? `, about $${(segments * price).toFixed(4)}` : "";
    out.textContent = `${segments} segment${segments > 1 ? "s" : ""}, ${left} left${cost}${plain ? "" : " (not in the basic alphabet)"}`;
  };
  document.addEventListener("click", (event) => {
    const from = event.target.closest("[data-use]");
    if (!from) return;
    field.value = document.getElementById(from.dataset.use).textContent;
    field.focus();
    count();
    // Whoever writes on from it takes the thread over, so that it is not sent meanwhile.
    const body = new URLSearchParams({ by: "human", csrf: trunkline.csrf });
    fetch(from.dataset.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
  });
  field.addEventListener("input", count);
  count();
  // Twice on the button is one text.
  field.form.addEventListener("submit", () => { field.form.querySelector("button").disabled = true; });
})();

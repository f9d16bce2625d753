// How many segments a text has, while it is written; the newest message is in view.
(() => {
  const messages = document.getElementById("messages");
  if (messages) messages.scrollTop = messages.scrollHeight;
  const field = document.querySelector("[data-segments]");
  if (!field) return;
  const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const DOUBLE = new Set("^{}\\[~]|€\f");
  const out = document.getElementById("segments");
  const before = out.textContent;
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
    out.textContent = `${segments} segment${segments > 1 ? "s" : ""}, ${left} left${plain ? "" : " (not in the basic alphabet)"}`;
  };
  field.addEventListener("input", count);
  count();
  // Twice on the button is one text.
  field.form.addEventListener("submit", () => { field.form.querySelector("button").disabled = true; });
})();

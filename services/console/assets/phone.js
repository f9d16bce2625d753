// The telephone: a call whose caller is whoever sits here.
(() => {
  const phone = document.querySelector("[data-phone]");
  if (!phone) return;
  const at = (id) => document.getElementById(id);
  const [number, say, heard, behind, state] = ["number", "say", "heard", "behind", "phone-state"].map(at);
  const [callButton, endButton] = [phone.querySelector("[data-call]"), phone.querySelector("[data-hang-up]")];
  const aloud = at("aloud");
  const MOST = 300;
  const micButton = phone.querySelector("[data-microphone]");
  let sid = "", closing = null, shown = [], line = null;

  const post = async (path, fields) => {
    const body = new URLSearchParams(fields);
    const answer = await fetch(path, { method: "POST", body, headers: { "X-CSRF-Token": trunkline.csrf } });
    if (answer.redirected) location.reload();
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.error?.message || "The call cannot be made.");
    return told;
  };
  const add = (list, text, kind = "") => {
    list.querySelector(".empty")?.remove();
    const item = document.createElement("li");
    item.textContent = text;
    if (kind) item.className = kind;
    list.append(item);
    while (list.childElementCount > MOST) list.firstElementChild.remove();
    list.scrollTop = list.scrollHeight;
  };
  const tell = (text) => { state.textContent = text; };
  const speak = (text) => {
    if (!aloud?.checked || !window.speechSynthesis) return;
    speechSynthesis.speak(new SpeechSynthesisUtterance(text));
  };
  const micShown = () => {
    micButton.setAttribute("aria-pressed", String(Boolean(line?.speaks())));
    micButton.textContent = line?.speaks() ? "Switch the microphone off" : "Speak through the microphone";
  };
  const over = (text) => {
    sid = "";
    callButton.disabled = false;
    endButton.disabled = true;
    line?.close();
    line = null;
    micButton.disabled = true;
    micShown();
    window.speechSynthesis?.cancel();
    tell(text);
  };

  const moment = (it) => {
    const mine = it.sid === sid;
    if (it.kind === "says" && mine) { shown.push(it.text); add(heard, it.text); speak(it.text); }
    else if (it.kind === "plays" && mine) {
      shown.push(it.text);
      const [file, words] = it.text.split(/: (.*)/s);
      add(heard, words || `(${file})`);
    } else if (it.kind === "heard" && mine) {
      // Said to its end; it stands there already, unless it was a text or a key.
      const known = shown.indexOf(it.text);
      if (known >= 0) shown.splice(known, 1);
      else add(heard, it.text);
    } else if (it.kind === "pressed" && mine) add(heard, `Pressed ${it.text}`, "mine");
    else if (it.kind === "said" && mine) add(heard, it.text, "mine");
    else if (it.kind === "status") {
      add(behind, `${mine ? "call" : "dialled leg"}: ${it.text}`);
      if (!mine) return;
      if (["completed", "busy", "failed", "no-answer", "canceled"].includes(it.text)) over(`The call is over: ${it.text}.`);
      else tell(it.text === "in-progress" ? "Connected." : `The call is ${it.text}.`);
    } else add(behind, `${it.kind}: ${it.text}`);
  };

  const follow = async (call) => {
    closing?.abort();
    closing = new AbortController();
    listen(call, closing.signal).catch(() => {});
    const answer = await fetch(`/console/phone/calls/${call}/events`, { signal: closing.signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").find((line) => line.startsWith("data: "));
        if (data) moment(JSON.parse(data.slice(6)));
      }
    }
  };

  // What the call's webhooks became on the bus.
  const listen = async (call, signal) => {
    const answer = await fetch(`/events?call=${encodeURIComponent(call)}`, { signal, cache: "no-store" });
    if (!answer.ok) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const kind = part.split("\n").find((line) => line.startsWith("event: "));
        if (kind) add(behind, `event: ${kind.slice(7)}`, "bus");
      }
    }
  };

  const step = (fields) => {
    if (!sid) return tell("There is no call yet: press Call first.");
    post(`/console/phone/calls/${sid}/steps`, fields).catch((error) => tell(error.message));
  };
  callButton.addEventListener("click", async () => {
    callButton.disabled = true;
    heard.replaceChildren();
    behind.replaceChildren();
    shown = [];
    tell("Calling …");
    try {
      const made = await post("/console/phone/calls", { number: number.value.replace(/[^+0-9]/g, "") });
      sid = made.call_sid;
      endButton.disabled = false;
      micButton.disabled = false;
      line?.close();
      line = trunkline.line(sid, phone.dataset.worklet, () => aloud.checked);
      follow(sid).catch(() => {});
    } catch (error) { over(error.message); }
  });
  micButton.addEventListener("click", async () => {
    try {
      if (line?.speaks()) line.mute();
      else await line?.speak();
      tell(line?.speaks() ? "The line hears your microphone." : "The microphone is off.");
    } catch (error) { tell(`The microphone cannot be used: ${error.message}`); }
    micShown();
  });
  endButton.addEventListener("click", () => step({ hang_up: "yes" }));
  for (const key of phone.querySelectorAll("[data-digit]")) {
    key.addEventListener("click", () => {
      if (sid) step({ press: key.dataset.digit });
      else { number.value += key.dataset.digit; number.focus(); }
    });
  }
  phone.querySelector("[data-text]").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = at("text"), body = field.value.trim();
    if (!body) return;
    const to = number.value.replace(/[^+0-9]/g, "");
    post("/console/phone/texts", { number: to, text: body })
      .then(() => { add(heard, `Text: ${body}`, "mine"); tell("The text is sent; the answer is in the conversations."); })
      .catch((error) => tell(error.message));
    field.value = "";
  });
  phone.querySelector("[data-say]").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = say.value.trim();
    if (!text) return;
    step({ say: text });
    say.value = "";
  });
})();

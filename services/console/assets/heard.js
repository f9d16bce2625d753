// What a caller hears, spoken by the browser where it has a voice: a button appears only then.
for (const part of document.querySelectorAll("[data-speak]")) {
  if (!window.speechSynthesis || !part.querySelector("[data-say]")) continue;
  const button = document.createElement("button");
  const idle = "Hear it";
  button.type = "button";
  button.className = "small";
  button.textContent = idle;
  const stop = () => { speechSynthesis.cancel(); button.textContent = idle; };
  button.addEventListener("click", () => {
    if (button.textContent !== idle) return stop();
    button.textContent = "Stop";
    const lines = [...part.querySelectorAll("[data-say]")].map((it) => new SpeechSynthesisUtterance(it.textContent));
    lines.at(-1).addEventListener("end", stop);
    lines.forEach((line) => speechSynthesis.speak(line));
  });
  part.querySelector(".head").append(button);
}

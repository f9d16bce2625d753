// The line's sound: what files and streams play is heard, and a microphone speaks into it; mu-law at 8 kHz both ways. `worklet`: the
// address of the script that takes the microphone's samples.
window.trunkline.line = (call, worklet, isAloud) => {
  const RATE = 8000;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/console/phone/calls/${call}/sound`);
  const context = new AudioContext({ sampleRate: RATE });
  const playing = new Set();
  let until = 0, microphone = null;
  socket.binaryType = "arraybuffer";

  const decode = (code) => {
    const bits = ~code & 255, size = (((bits & 15) << 3) + 132 << (bits >> 4 & 7)) - 132;
    return (bits & 128 ? -size : size) / 32768;
  };
  const encode = (sample) => {
    const whole = Math.round(Math.max(-1, Math.min(1, sample)) * 32635);
    const size = Math.abs(whole) + 132;
    const exponent = 24 - Math.clz32(size);
    return ~((whole < 0 ? 128 : 0) | exponent << 4 | size >> exponent + 3 & 15) & 255;
  };
  const play = (codes) => {
    const sound = context.createBuffer(1, codes.length, RATE);
    sound.getChannelData(0).set(Float32Array.from(codes, decode));
    const source = context.createBufferSource();
    source.buffer = sound;
    source.connect(context.destination);
    until = Math.max(until, context.currentTime + 0.06);
    source.start(until);
    until += sound.duration;
    playing.add(source);
    source.addEventListener("ended", () => playing.delete(source));
  };
  const clear = () => {
    for (const source of playing) source.stop();
    playing.clear();
    until = 0;
  };
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") clear();
    else if (isAloud() && data.byteLength) play(new Uint8Array(data));
  });

  const mute = () => {
    microphone?.getTracks().forEach((track) => track.stop());
    microphone = null;
  };
  const speak = async () => {
    if (!navigator.mediaDevices) throw new Error("The browser gives the microphone to pages by https or on localhost only.");
    // What is heard aloud must not come back; where nothing is, the voice is passed on as it is.
    const audio = { echoCancellation: isAloud(), noiseSuppression: false, autoGainControl: false };
    microphone = await navigator.mediaDevices.getUserMedia({ audio });
    await context.resume();
    await context.audioWorklet.addModule(worklet);
    const taken = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
    taken.port.addEventListener("message", ({ data }) => {
      if (socket.readyState === WebSocket.OPEN && microphone) socket.send(Uint8Array.from(data, encode));
    });
    taken.port.start();
    context.createMediaStreamSource(microphone).connect(taken);
  };
  const close = () => {
    mute();
    clear();
    socket.close();
    context.close().catch(() => {});
  };
  return { speak, mute, close, speaks: () => microphone !== null };
};

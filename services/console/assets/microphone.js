// The microphone's samples, 80 ms at a time.
registerProcessor("microphone", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.held = new Float32Array(640);
    this.count = 0;
  }
  process([[samples]]) {
    if (!samples) return true;
    this.held.set(samples, this.count);
    this.count += samples.length;
    if (this.count >= this.held.length) {
      this.port.postMessage(this.held.slice());
      this.count = 0;
    }
    return true;
  }
});

// Runs in a page before its own scripts. Between start() and stop() it notes each frame's interval, how long the page's
// callbacks took in it, and how long the GPU was busy with what they drew, where the browser tells. With
// llamatelemetryWaitsForGpu each frame waits until the GPU has drawn it: nothing else keeps a browser without a frame rate
// from running ahead of the GPU.
(() => {
  const GPU_TIME = 0x88bf; // TIME_ELAPSED_EXT
  const DISJOINT = 0x8fbb; // GPU_DISJOINT_EXT: the times of this moment are worth nothing
  const ask = window.requestAnimationFrame.bind(window);
  const getContext = HTMLCanvasElement.prototype.getContext;
  let gl = null;
  let timer = null;
  let noted = null;

  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    const context = getContext.call(this, kind, ...rest);
    if (kind === "webgl2" && context) {
      gl = context; // the last one draws: those before it were made to see whether there is WebGL
      timer = context.getExtension("EXT_disjoint_timer_query_webgl2");
    }
    return context;
  };

  const frameOf = (time) => {
    const { frames } = noted;
    if (frames.at(-1)?.time !== time) frames.push({ time, script: 0, gpu: null });
    return frames.at(-1);
  };

  const readTimes = () => {
    if (!timer || gl.isContextLost()) return;
    if (gl.getParameter(DISJOINT)) {
      for (const { query } of noted.open.splice(0)) gl.deleteQuery(query);
      return;
    }
    while (noted.open.length > 0) {
      const { query, frame } = noted.open[0];
      if (!gl.getQueryParameter(query, gl.QUERY_RESULT_AVAILABLE)) return;
      frame.gpu = (frame.gpu ?? 0) + gl.getQueryParameter(query, gl.QUERY_RESULT) / 1e6;
      gl.deleteQuery(query);
      noted.open.shift();
    }
  };

  const waitForGpu = () => {
    const bound = gl.getParameter(gl.READ_FRAMEBUFFER_BINDING);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, bound);
  };

  const measured = (callback, time) => {
    const frame = frameOf(time);
    const query = timer && !gl.isContextLost() ? gl.createQuery() : null;
    if (query) gl.beginQuery(GPU_TIME, query);
    const begin = performance.now();
    try {
      callback(time);
    } finally {
      frame.script += performance.now() - begin;
      if (query) {
        gl.endQuery(GPU_TIME);
        noted?.open.push({ query, frame });
      }
    }
  };

  window.requestAnimationFrame = (callback) =>
    ask((time) => {
      if (noted) measured(callback, time);
      else callback(time);
      if (gl && window.llamatelemetryWaitsForGpu && !gl.isContextLost()) waitForGpu();
    });

  window.llamatelemetryFrames = {
    start() {
      noted = { frames: [], open: [], begin: performance.now() };
      const mine = noted;
      const tick = (time) => {
        if (noted !== mine) return;
        frameOf(time);
        readTimes();
        ask(tick);
      };
      ask(tick);
    },
    stop() {
      const { frames, begin } = noted;
      noted = null;
      return {
        seconds: (performance.now() - begin) / 1000,
        frames: frames.length,
        intervals: frames.slice(1).map((frame, i) => frame.time - frames[i].time),
        script: frames.slice(1).map((frame) => frame.script),
        gpu: frames.slice(1).flatMap((frame) => (frame.gpu === null ? [] : [frame.gpu])),
      };
    },
    renderer() {
      const context = getContext.call(document.createElement("canvas"), "webgl2");
      if (!context) return null;
      const names = context.getExtension("WEBGL_debug_renderer_info");
      const name = context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER);
      context.getExtension("WEBGL_lose_context")?.loseContext();
      return name;
    },
  };
})();

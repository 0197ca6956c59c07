// Three planes through a mask over the brain. Runs in the report's page; loads nothing, keeps nothing.
(() => {
  const box = document.getElementById('viewer-box');
  if (!box) return;
  const data = JSON.parse(document.getElementById('viewer-data').textContent);
  const { shape, affine, views, heat } = data;
  const stride = [shape[1] * shape[2], shape[2], 1];
  const element = (id) => document.getElementById(id);
  const readout = element('viewer-readout');
  const canvases = [...box.querySelectorAll('canvas.slice')];
  const sliders = [...box.querySelectorAll('input[data-axis]')];
  const unpacked = new Map();
  let cursor = shape.map((size) => Math.floor(size / 2));
  let background = null;
  let mask = null;
  let regions = null;

  async function unpack(text) {
    if (!unpacked.has(text)) {
      const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
      unpacked.set(text, new Uint8Array(await new Response(stream).arrayBuffer()));
    }
    return unpacked.get(text);
  }

  const offset = ([x, y, z]) => x * stride[0] + y * stride[1] + z * stride[2];
  const world = (row) =>
    affine[4 * row] * cursor[0] +
    affine[4 * row + 1] * cursor[1] +
    affine[4 * row + 2] * cursor[2] +
    affine[4 * row + 3];
  const clamp = (value, axis) => Math.max(0, Math.min(shape[axis] - 1, value));
  const percent = (id) => Number(element(id).value) / 100;

  // Where a voxel stands in a plane, in voxels from its left and from its top.
  const column = (view, index) => (view.acrossReversed ? shape[view.across] - 1 - index : index);
  const row = (view, index) => shape[view.down] - 1 - index;

  function drawPlane(canvas, view) {
    const wide = shape[view.across];
    const high = shape[view.down];
    const image = new ImageData(wide, high);
    const opacity = percent('viewer-opacity');
    const threshold = percent('viewer-threshold');
    const at = [...cursor];
    for (let b = 0; b < high; b++) {
      at[view.down] = b;
      for (let a = 0; a < wide; a++) {
        at[view.across] = a;
        const voxel = offset(at);
        const pixel = 4 * (row(view, b) * wide + column(view, a));
        const gray = background ? 0.65 * background[voxel] : 0;
        const hidden = mask ? mask[voxel] : 0;
        const share = hidden > 0 && hidden / 255 >= threshold ? opacity * Math.sqrt(hidden / 255) : 0;
        for (let c = 0; c < 3; c++) image.data[pixel + c] = gray + share * (heat[hidden][c] - gray);
        image.data[pixel + 3] = 255;
      }
    }
    paint(canvas, view, image);
  }

  function paint(canvas, view, image) {
    const [mmAcross, mmDown] = [data.spacing[view.across], data.spacing[view.down]];
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.round((width * image.height * mmDown) / (image.width * mmAcross));
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const small = document.createElement('canvas');
    small.width = image.width;
    small.height = image.height;
    small.getContext('2d').putImageData(image, 0, 0);
    const pen = canvas.getContext('2d');
    pen.imageSmoothingEnabled = true;
    pen.drawImage(small, 0, 0, width, height);
    const x = ((column(view, cursor[view.across]) + 0.5) / image.width) * width;
    const y = ((row(view, cursor[view.down]) + 0.5) / image.height) * height;
    const gap = 5 * ratio;
    pen.strokeStyle = '#7fd4ff';
    pen.lineWidth = ratio;
    pen.beginPath();
    for (const [x0, y0, x1, y1] of [
      [0, y, x - gap, y],
      [x + gap, y, width, y],
      [x, 0, x, y - gap],
      [x, y + gap, x, height],
    ]) {
      pen.moveTo(x0, y0);
      pen.lineTo(x1, y1);
    }
    pen.stroke();
    pen.fillStyle = '#e8eaee';
    pen.font = `${13 * ratio}px sans-serif`;
    pen.textBaseline = 'top';
    pen.textAlign = 'left';
    pen.fillText(view.ends[0], 5 * ratio, 5 * ratio);
    pen.textAlign = 'right';
    pen.fillText(view.ends[1], width - 5 * ratio, 5 * ratio);
  }

  function tell() {
    const voxel = offset(cursor);
    const place = [0, 1, 2].map((axis) => `${'xyz'[axis]} ${world(axis).toFixed(1)}`).join(', ');
    const name = regions?.[voxel] ? data.regions.names[regions[voxel] - 1] : null;
    const where = name ?? (data.regions ? 'no region' : '');
    const amount = mask ? `1 - m ${(mask[voxel] / 255).toFixed(2)}` : 'no mask';
    readout.textContent = [where, amount, `${place} mm`].filter(Boolean).join(' · ');
  }

  function draw() {
    views.forEach((view, i) => {
      drawPlane(canvases[i], view);
    });
    for (const slider of sliders) {
      const axis = Number(slider.dataset.axis);
      slider.value = cursor[axis];
      slider.setAttribute('aria-valuetext', `${world(axis).toFixed(1)} mm`);
    }
    for (const id of ['viewer-opacity', 'viewer-threshold']) {
      element(`${id}-value`).textContent = percent(id).toFixed(2);
    }
    tell();
  }

  function move(axis, index) {
    cursor[axis] = clamp(index, axis);
    draw();
  }

  function point(event, canvas, view) {
    const frame = canvas.getBoundingClientRect();
    const part = (value, from, length, size) => Math.floor(((value - from) / length) * size);
    const a = part(event.clientX, frame.left, frame.width, shape[view.across]);
    const b = part(event.clientY, frame.top, frame.height, shape[view.down]);
    cursor[view.across] = clamp(column(view, a), view.across);
    cursor[view.down] = clamp(row(view, b), view.down);
    draw();
  }

  views.forEach((view, i) => {
    const canvas = canvases[i];
    const right = view.acrossReversed ? -1 : 1;
    const keys = {
      ArrowLeft: [view.across, -right],
      ArrowRight: [view.across, right],
      ArrowUp: [view.down, 1],
      ArrowDown: [view.down, -1],
      PageUp: [view.axis, 1],
      PageDown: [view.axis, -1],
    };
    canvas.addEventListener('keydown', (event) => {
      const step = keys[event.key];
      if (!step) return;
      event.preventDefault();
      move(step[0], cursor[step[0]] + step[1]);
    });
    canvas.addEventListener('pointerdown', (event) => {
      canvas.focus();
      canvas.setPointerCapture(event.pointerId);
      point(event, canvas, view);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) point(event, canvas, view);
    });
    canvas.addEventListener(
      'wheel',
      (event) => {
        // Only a plane that was chosen takes the wheel, so that the page still scrolls past it.
        if (document.activeElement !== canvas) return;
        event.preventDefault();
        move(view.axis, cursor[view.axis] + (event.deltaY > 0 ? -1 : 1));
      },
      { passive: false },
    );
  });
  for (const slider of sliders) {
    slider.addEventListener('input', () => move(Number(slider.dataset.axis), Number(slider.value)));
  }
  for (const id of ['viewer-opacity', 'viewer-threshold']) element(id).addEventListener('input', draw);
  window.addEventListener('resize', draw);

  function drawScale() {
    const scale = element('viewer-scale');
    const image = new ImageData(256, 1);
    heat.forEach((colour, i) => {
      image.data.set([...colour, 255], 4 * i);
    });
    scale.getContext('2d').putImageData(image, 0, 0);
  }

  // The cursor starts where the mask hides most gray matter.
  function toHighest() {
    const worth = (voxel) => mask[voxel] * (background ? background[voxel] : 1);
    let best = 0;
    for (let voxel = 1; voxel < mask.length; voxel++) if (worth(voxel) > worth(best)) best = voxel;
    if (worth(best) === 0) return;
    cursor = [Math.floor(best / stride[0]), Math.floor(best / stride[1]) % shape[1], best % shape[2]];
  }

  async function choose(first) {
    const [over, shown] = [element('viewer-background').value, element('viewer-mask').value];
    background = data.backgrounds.length > 0 ? await unpack(data.backgrounds[over].data) : null;
    mask = data.masks.length > 0 ? await unpack(data.masks[shown].data) : null;
    regions = data.regions ? await unpack(data.regions.data) : null;
    if (first && mask) toHighest();
    draw();
  }

  element('viewer-background').addEventListener('change', () => choose(false));
  element('viewer-mask').addEventListener('change', () => choose(false));
  if (typeof DecompressionStream === 'undefined') {
    readout.textContent = 'This browser is too old for the viewer; the pictures above show the same.';
    return;
  }
  drawScale();
  choose(true).then(() => box.classList.add('ready'));
})();
